//! What is seen of a type as it is written, before anything is known of it.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::{GenericArgument, PathArguments, Type};

/// `T`, if the type is written `Option<T>`.
pub(crate) fn inside_option(ty: &Type) -> Option<Type> {
    let path = match ty {
        Type::Group(group) => return inside_option(&group.elem),
        Type::Paren(paren) => return inside_option(&paren.elem),
        Type::Path(path) if path.qself.is_none() => &path.path,
        _ => return None,
    };
    let last = path.segments.last()?;
    let PathArguments::AngleBracketed(of) = &last.arguments else { return None };
    match (last.ident == "Option", of.args.len(), of.args.first()?) {
        (true, 1, GenericArgument::Type(item)) => Some(item.clone()),
        _ => None,
    }
}

/// The type with `Self` spelled out: the argument struct, where it is repeated, is another `Self`.
pub(crate) fn without_self(ty: &Type, of: &Ident) -> Type {
    fn replace(tokens: TokenStream, of: &Ident) -> TokenStream {
        let tokens = tokens.into_iter().map(|token| match token {
            TokenTree::Ident(ident) if ident == "Self" => {
                let mut of = of.clone();
                of.set_span(ident.span());
                TokenTree::Ident(of)
            }
            TokenTree::Group(group) => {
                let mut replaced = proc_macro2::Group::new(group.delimiter(), replace(group.stream(), of));
                replaced.set_span(group.span());
                TokenTree::Group(replaced)
            }
            other => other,
        });
        tokens.collect()
    }
    let tokens = ty.to_token_stream();
    if !tokens.to_string().contains("Self") {
        return ty.clone();
    }
    syn::parse2(replace(tokens, of)).unwrap_or_else(|_| ty.clone())
}

#[cfg(test)]
mod tests {
    use quote::format_ident;

    use super::*;

    #[test]
    fn options_are_recognised_as_they_are_written() {
        for (ty, inside) in [
            ("Option<usize>", Some("usize")),
            ("::core::option::Option<Vec<u8>>", Some("Vec < u8 >")),
            ("Option", None),
            ("Vec<Option<u8>>", None),
        ] {
            let ty: Type = syn::parse_str(ty).unwrap();
            assert_eq!(inside_option(&ty).map(|ty| ty.to_token_stream().to_string()).as_deref(), inside);
        }
    }

    #[test]
    fn self_is_spelled_out() {
        let ty: Type = syn::parse_str("Option<Box<(Self, [Self; 2])>>").unwrap();
        let ty = without_self(&ty, &format_ident!("Tree")).to_token_stream().to_string();
        assert_eq!(ty, "Option < Box < (Tree , [Tree ; 2]) > >");
    }
}
