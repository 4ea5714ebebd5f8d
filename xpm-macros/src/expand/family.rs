//! `#[config]` on a trait: an open family. Its members know their own arguments, so `Member` is put above it, and
//! `Box<dyn Trait>` and `Arc<dyn Trait>` become argument types.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::ItemTrait;
use syn::ext::IdentExt as _;

use super::apart;
use crate::errors::Errors;

/// Expands `#[config] trait …`.
pub(crate) fn family(mut item: ItemTrait, errors: &Errors) -> TokenStream {
    let ident = item.ident.clone();
    if !item.generics.params.is_empty() {
        errors.on(
            &item.generics,
            format!("`{ident}` is generic, and an open family is one trait: write the type out, one trait for each"),
        );
        return quote!(#item);
    }
    item.supertraits.push(syn::parse_quote!(::xpm::__private::Member));
    let name = ident.unraw().to_string();
    let object = quote_spanned!(ident.span()=> dyn #ident);
    let impls = apart(&quote! {
        impl ::xpm::__private::Family for #object {
            const NAME: &'static ::core::primitive::str = #name;
        }

        impl ::xpm::__private::Pointee for #object {
            fn pointee_ty() -> ::xpm::__private::Type {
                ::xpm::__private::member_ty::<Self>()
            }

            fn pointee_value(&self) -> ::xpm::__private::Value {
                ::xpm::__private::Member::member_value(self)
            }

            fn read_boxed(
                value: &::xpm::__private::Value,
                reader: &mut ::xpm::__private::Reader<'_>,
            ) -> ::core::result::Result<::std::boxed::Box<Self>, ::xpm::__private::ReadError> {
                ::xpm::__private::read_member::<Self>(value, reader)
            }
        }
    });
    quote!(#item #impls)
}
