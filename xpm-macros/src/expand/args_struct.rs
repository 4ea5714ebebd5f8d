//! The argument struct, `RankConfig`: a public field and a `set_…` method for each argument that the plan can set.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};

use syn::ext::IdentExt as _;

use super::builder::{help, maybe_help};
use super::schema::{arg_ty, into_arg, item_ty};
use super::symbolic::{Stands, configure, debug};
use super::{allow, apart};
use crate::model::{Argument, Model, StructBody};

/// The argument struct and its impls.
pub(crate) fn args_struct(model: &Model, body: &StructBody) -> TokenStream {
    let Model { ident, vis, is_task, .. } = model;
    let args = &body.args;
    let allow = allow();
    // The item begins and ends on the user's type, which is where messages then show it.
    let keyword = quote_spanned!(ident.span()=> struct);
    let doc = format!("The arguments of [`{ident}`].\n\n{}", model.help);
    let settable = || body.arguments.iter().filter(|argument| argument.settable());
    let arguments = settable().map(|argument| {
        let (name, ty, help) = (&argument.setter, arg_ty(argument), help(argument));
        quote!(#[doc = #help] #vis #name: ::xpm::__private::Arg<#ty>)
    });
    let fields = quote_spanned! {ident.span()=>
        {
            #(#arguments,)*
            #[doc(hidden)]
            __xpm: ::xpm::__private::Meta,
        }
    };
    let setters = settable().map(|argument| setters(argument, &body.arguments, model));
    let slots = body.arguments.iter().map(|argument| {
        let name = &argument.setter;
        if argument.settable() {
            quote!(::core::clone::Clone::clone(::xpm::__private::Arg::slot(&self.#name)))
        } else {
            quote!(::xpm::__private::Slot::unset(::xpm::__private::Value::Nothing))
        }
    });
    // Under names of their own: that of an argument may be one of ours, or a constant's, and then it is a pattern.
    let local = |index: usize| format_ident!("__field{index}");
    let from_slots = body.arguments.iter().enumerate().map(|(index, argument)| {
        if argument.settable() {
            let local = local(index);
            quote!(let #local = ::xpm::__private::Arg::from_slot(next());)
        } else {
            quote!(let _ = next();)
        }
    });
    let names =
        body.arguments.iter().enumerate().filter(|(_, argument)| argument.settable()).map(|(index, argument)| {
            let (name, local) = (&argument.setter, local(index));
            quote!(#name: #local)
        });
    let none = TokenStream::new();
    let this = quote!(self);
    let of =
        |ty, args| Stands { generics: none.clone(), ty, bounds: none.clone(), target: ident, is_task: *is_task, args };
    let owned = of(quote!(#args), quote!(&self));
    let symbolic = owned.symbolic();
    let by_reference = of(quote!(&#args), this.clone()).symbolic();
    let complete = owned.complete();
    let has_tags = of(quote!(#args), this.clone()).has_tags();
    let configure = configure(&none, &quote!(#args), &quote!(#args), &this);
    let debug = debug(&none, &quote!(#args), &this);
    let impls = apart(&quote! {
        impl ::xpm::__private::ArgStruct for #args {
            type Target = #ident;

            fn from_slots(
                _: ::core::option::Option<::core::primitive::usize>,
                slots: ::std::vec::Vec<::xpm::__private::Slot>,
            ) -> Self {
                let mut slots = ::core::iter::IntoIterator::into_iter(slots);
                let mut next = || match ::core::iter::Iterator::next(&mut slots) {
                    ::core::option::Option::Some(slot) => slot,
                    ::core::option::Option::None => ::xpm::__private::Slot::unset(::xpm::__private::Value::Nothing),
                };
                #(#from_slots)*
                Self { #(#names,)* __xpm: ::core::default::Default::default() }
            }

            fn slots(&self) -> ::std::vec::Vec<::xpm::__private::Slot> {
                ::std::vec![#(#slots),*]
            }

            fn meta(&self) -> &::xpm::__private::Meta {
                &self.__xpm
            }

            fn meta_mut(&mut self) -> &mut ::xpm::__private::Meta {
                &mut self.__xpm
            }
        }

        #configure
        #complete
        #symbolic
        #by_reference
        #has_tags
        #debug
    });
    quote! {
        #[doc = #doc]
        #allow
        #[derive(::core::clone::Clone)]
        #vis #keyword #args #fields

        #allow
        impl #args {
            #(#setters)*
        }

        #impls
    }
}

/// `set_…`, and `set_maybe_…` for an optional argument.
fn setters(argument: &Argument, among: &[Argument], model: &Model) -> TokenStream {
    let vis = &model.vis;
    let (name, ty) = (&argument.setter, arg_ty(argument));
    let bare = name.unraw();
    let (set, set_maybe) = (format_ident!("set_{bare}"), format_ident!("set_maybe_{bare}"));
    let setter = |set, help, given: &TokenStream, arg: TokenStream| {
        let bound = into_arg(argument, given);
        quote! {
            #[doc = #help]
            #[track_caller]
            #vis fn #set<__M>(&mut self, value: impl #bound) -> &mut Self {
                self.#name = #arg.set_at(::core::panic::Location::caller());
                self
            }
        }
    };
    let as_is = quote!(::xpm::__private::IntoArg::<#ty, __M>::into_arg(value));
    match item_ty(argument) {
        Some(item) => {
            let some = setter(set, help(argument), &item, quote!(::xpm::__private::Arg::<#ty>::some::<__M>(value)));
            let maybe =
                argument.takes_maybe(among).then(|| setter(set_maybe, maybe_help(&format!("set_{bare}")), &ty, as_is));
            quote!(#some #maybe)
        }
        None => setter(set, help(argument), &ty, as_is),
    }
}
