//! What lets an argument struct or a builder stand for its configuration: in arguments, and where tags are asked for.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::Ident;

/// Something that stands for a configuration.
pub(crate) struct Stands<'a> {
    /// `<__S0, …>`, or nothing.
    pub(crate) generics: TokenStream,
    /// What implements the traits.
    pub(crate) ty: TokenStream,
    /// What it takes, as a `where` clause or nothing.
    pub(crate) bounds: TokenStream,
    /// The configuration.
    pub(crate) target: &'a Ident,
    pub(crate) is_task: bool,
    /// The argument struct, by reference, from `self`.
    pub(crate) args: TokenStream,
}

impl Stands<'_> {
    /// `Symbolic`.
    pub(crate) fn symbolic(&self) -> TokenStream {
        let Self { bounds, target, args, .. } = self;
        let form = if self.is_task { quote!(Unsubmitted) } else { quote!(Submitted) };
        let head = self.head(&quote!(Symbolic));
        quote! {
            #head #bounds {
                type Target = #target;
                type Form = ::xpm::__private::#form;

                fn into_config_value(self) -> ::xpm::__private::Value {
                    ::xpm::__private::Value::Config(::xpm::__private::ArgStruct::node(#args))
                }
            }
        }
    }

    /// `HasTags`.
    pub(crate) fn has_tags(&self) -> TokenStream {
        let Self { bounds, args, .. } = self;
        let head = self.head(&quote!(HasTags));
        quote! {
            #head #bounds {
                fn all_tags(&self) -> ::xpm::__private::Tags {
                    ::xpm::__private::KeptTags::to_map(&::xpm::__private::Node::tags(&*::xpm::__private::ArgStruct::node(#args)))
                }
            }
        }
    }

    /// `Complete`.
    pub(crate) fn complete(&self) -> TokenStream {
        let (head, bounds) = (self.head(&quote!(Complete)), &self.bounds);
        let body = moved(quote!({}), self.target.span());
        quote!(#head #bounds #body)
    }

    /// `impl … for …`, on the user's type: messages show where an impl is, and say other things of derived ones.
    fn head(&self, name: &TokenStream) -> TokenStream {
        let Self { generics, ty, target, .. } = self;
        moved(quote!(impl #generics ::xpm::__private::#name for #ty), target.span())
    }
}

/// `tokens` at the place `span`.
fn moved(tokens: TokenStream, span: Span) -> TokenStream {
    let tokens = tokens.into_iter().map(|mut token| {
        token.set_span(span);
        token
    });
    tokens.collect()
}

/// `Configure` for `ty`, whose argument struct is at `place` of `self` (`self` itself for the argument struct).
pub(crate) fn configure(
    generics: &TokenStream,
    ty: &TokenStream,
    built: &TokenStream,
    place: &TokenStream,
) -> TokenStream {
    let (by_ref, by_mut) =
        if place.to_string() == "self" { (quote!(self), quote!(self)) } else { (quote!(&#place), quote!(&mut #place)) };
    quote! {
        impl #generics ::xpm::__private::Configure for #ty {
            type Built = #built;

            fn into_args(self) -> #built {
                #place
            }

            fn args(&self) -> &#built {
                #by_ref
            }

            fn args_mut(&mut self) -> &mut #built {
                #by_mut
            }
        }
    }
}

/// `Debug`, as the node shows itself.
pub(crate) fn debug(generics: &TokenStream, ty: &TokenStream, args: &TokenStream) -> TokenStream {
    quote! {
        impl #generics ::core::fmt::Debug for #ty {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                ::core::fmt::Debug::fmt(&*::xpm::__private::ArgStruct::node(#args), f)
            }
        }
    }
}
