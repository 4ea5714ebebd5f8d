//! `#[config]` on an `impl` of an open family: enters the type as a member.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::ItemImpl;
use syn::spanned::Spanned as _;

use super::apart;
use crate::errors::Errors;

/// Expands `#[config] impl Family for Type …`.
pub(crate) fn member(item: &ItemImpl, errors: &Errors) -> TokenStream {
    let self_ty = &item.self_ty;
    let Some((family, _)) = &item.trait_ else {
        errors.on(
            self_ty,
            "`#[config]` goes on the definition of the type; on an `impl` it says that the type is a member of an open \
             family: `#[config] impl Family for Type`",
        );
        return quote!(#item);
    };
    if !item.generics.params.is_empty() {
        errors.on(
            &item.generics,
            "a member of an open family is one type: write one `#[config] impl` for each, without generics",
        );
        return quote!(#item);
    }
    let object = quote_spanned!(family.span()=> dyn #family);
    let of = quote_spanned!(self_ty.span()=> of::<#object, #self_ty>);
    let read_as = quote_spanned!(self_ty.span()=> read_as::<#object, #self_ty>);
    let impls = apart(&quote! {
        impl ::xpm::__private::MemberOf<#object> for #self_ty {}

        ::xpm::__private::inventory::submit! {
            ::xpm::__private::FamilyMember::#of(|node, reader| {
                let member: ::std::boxed::Box<#object> =
                    ::std::boxed::Box::new(::xpm::__private::FamilyMember::#read_as(node, reader)?);
                ::core::result::Result::Ok(::std::boxed::Box::new(member))
            })
        }
    });
    quote!(#item #impls)
}
