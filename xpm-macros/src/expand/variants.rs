//! What `config()` of a closed family returns: a method for each variant, and the builders of variants with fields.

use proc_macro2::TokenStream;
use quote::quote;

use super::builder::Builder;
use super::schema::{arg_ty, item_ty};
use super::{allow, deprecation};
use crate::model::{Argument, EnumBody, Model, Variant};

/// The chooser, the builders, and the function `config`.
pub(crate) fn variants(model: &Model, body: &EnumBody) -> TokenStream {
    let Model { ident, vis, .. } = model;
    let chooser = &body.chooser;
    let (allow, deprecation) = (allow(), deprecation(model));
    let doc = format!("The variants of [`{ident}`], each with a builder: made by `{ident}::config()`.");
    let builders = body.variants.iter().filter(|variant| !variant.arguments.is_empty()).map(|v| builder(model, v));
    let methods = body.variants.iter().enumerate().map(|(index, variant)| method(model, index, variant));
    let config = format!("A method for each variant of `{ident}`.");
    quote! {
        #(#builders)*
        #[doc = #doc]
        #allow
        #[derive(::core::clone::Clone, ::core::marker::Copy, ::core::fmt::Debug)]
        #vis struct #chooser;

        #allow
        impl #ident {
            #[doc = #config]
            #deprecation
            #vis fn config() -> #chooser {
                #chooser
            }
        }

        #allow
        impl #chooser {
            #(#methods)*
        }
    }
}

fn method(model: &Model, index: usize, variant: &Variant) -> TokenStream {
    let (ident, vis, method) = (&model.ident, &model.vis, &variant.method);
    let help = if variant.help.is_empty() { format!("`{ident}::{}`.", variant.ident) } else { variant.help.clone() };
    let args = quote!(::xpm::__private::VariantArgs::<#ident>::new(#index));
    let (ty, value) = if variant.arguments.is_empty() {
        (quote!(::xpm::__private::VariantArgs<#ident>), args)
    } else {
        let builder = &variant.builder;
        (quote!(#builder), quote!(#builder { __args: #args, __given: ::core::marker::PhantomData }))
    };
    quote! {
        #[doc = #help]
        #vis fn #method(self) -> #ty {
            #value
        }
    }
}

fn builder(model: &Model, variant: &Variant) -> TokenStream {
    let ident = &model.ident;
    let builder = Builder {
        ident: &variant.builder,
        vis: &model.vis,
        doc: format!("Builds the arguments of [`{ident}::{}`]: made by `{ident}::config()`.", variant.ident),
        of: &variant.ident,
        target: ident,
        is_task: false,
        arguments: &variant.arguments,
        args: quote!(::xpm::__private::VariantArgs<#ident>),
        set,
    };
    builder.write()
}

/// Sets argument number `index` of `VariantArgs`.
fn set(of: &Builder<'_>, index: usize, argument: &Argument, maybe: bool) -> TokenStream {
    let (args, ty) = (&of.args, arg_ty(argument));
    let arg = if item_ty(argument).is_some() && !maybe {
        quote!(::xpm::__private::Arg::<#ty>::some::<__M>(value))
    } else {
        quote!(::xpm::__private::IntoArg::<#ty, __M>::into_arg(value))
    };
    quote!(<#args>::set(&mut self.__args, #index, #arg, ::core::panic::Location::caller());)
}
