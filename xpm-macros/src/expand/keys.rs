//! What `arg!` finds in a struct: a key for each argument under its name, and the types that its arguments take.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::Ident;
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;

use super::schema::{arg_ty, as_argument, item_ty};
use crate::model::{Argument, Model, Role};

/// The keys of a struct, under a name that is good to read where the compiler finds no such key, and that no type of the
/// user's has: two underscores together are in no type's name that the compiler is content with.
pub(crate) fn keys(model: &Model, arguments: &[Argument]) -> TokenStream {
    let Model { ident, vis, .. } = model;
    let keys = Ident::new(&format!("{}__Arguments", ident.unraw()), ident.span());
    let settable: Vec<_> = arguments.iter().enumerate().filter(|(_, argument)| argument.settable()).collect();
    let fields =
        settable.iter().map(|(_, Argument { setter, ty, .. })| quote!(#vis #setter: ::xpm::__private::ArgKey<#ty>));
    let values =
        settable.iter().map(|(index, Argument { setter, .. })| quote!(#setter: ::xpm::__private::ArgKey::new(#index)));
    let takes = settable.iter().map(|(index, argument)| {
        let ty = arg_ty(argument);
        let item = item_ty(argument).map(|item| quote!(impl ::xpm::__private::ArgAt<#index, #item> for #ident {}));
        quote! {
            impl ::xpm::__private::FieldAt<#index, #ty> for #ident {}
            impl ::xpm::__private::ArgAt<#index, #ty> for #ident {}
            #item
        }
    });
    quote! {
        #[derive(::core::clone::Clone, ::core::marker::Copy, ::core::fmt::Debug)]
        #vis struct #keys { #(#fields,)* }

        impl ::xpm::__private::HasKeys for #ident {
            type Keys = #keys;
            const KEYS: #keys = #keys { #(#values,)* };
        }

        impl ::xpm::__private::Holds for #ident {
            type Config = Self;
        }

        #(#takes)*
    }
}

/// `ConfigType::check_argument`: reads one value as the type of one argument.
pub(crate) fn check_argument(arguments: &[Argument]) -> TokenStream {
    let arms = arguments.iter().enumerate().filter_map(|(index, argument)| {
        let ty = &argument.ty;
        let read = match (&argument.role, &argument.optional) {
            (Role::JobPath(_), _) => return None,
            (Role::Json, _) => quote_spanned!(ty.span()=> ::xpm::__private::Reader::json_value::<#ty>(reader, value)),
            (Role::Plain, _) => {
                let argument = as_argument(argument);
                quote!(#argument::read(value, reader))
            }
        };
        Some(quote!(#index => ::core::result::Result::map(#read, ::core::mem::drop),))
    });
    quote! {
        fn check_argument(
            index: ::core::primitive::usize,
            value: &::xpm::__private::Value,
            reader: &mut ::xpm::__private::Reader<'_>,
        ) -> ::core::result::Result<(), ::xpm::__private::ReadError> {
            match index {
                #(#arms)*
                _ => ::core::result::Result::Ok(()),
            }
        }
    }
}
