//! What makes the user's type a configuration: how a value becomes data and is read back, its schema, and its entry in
//! the registry.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::Type;
use syn::spanned::Spanned as _;

use super::apart;
use super::keys::{check_argument, keys};
use super::schema::{as_argument, check_resources, schema};
use crate::model::{Argument, Body, Model, Role};

/// The impls on the user's type itself.
pub(crate) fn config_impl(model: &Model) -> TokenStream {
    let ident = &model.ident;
    let (schema, check_resources) = (schema(model), check_resources(&model.needs));
    let (args, to_node, read_from) = match &model.body {
        Body::Struct(body) => {
            let args = &body.args;
            let values = body.arguments.iter().map(|argument| {
                let member = &argument.member;
                slot(argument, &quote!(&self.#member))
            });
            let to_node = node(&quote!(::core::option::Option::None), values);
            let members = body.arguments.iter().enumerate().map(member);
            (quote!(#args), to_node, quote!(::core::result::Result::Ok(Self { #(#members),* })))
        }
        Body::Enum(body) => {
            let arms = body.variants.iter().enumerate().map(|(index, variant)| {
                let name = &variant.ident;
                let members = variant.arguments.iter().map(|argument| &argument.member);
                let bound: Vec<_> = (0..variant.arguments.len()).map(|i| format_ident!("__field{i}")).collect();
                let values =
                    variant.arguments.iter().zip(&bound).map(|(argument, bound)| slot(argument, &quote!(#bound)));
                let node = node(&quote!(::core::option::Option::Some(#index)), values);
                quote!(Self::#name { #(#members: #bound),* } => #node,)
            });
            let to_node = quote!(match self { #(#arms)* });
            let arms = body.variants.iter().enumerate().map(|(index, variant)| {
                let name = &variant.ident;
                let members = variant.arguments.iter().enumerate().map(member);
                quote! {
                    ::core::option::Option::Some(#index) => ::core::result::Result::Ok(Self::#name { #(#members),* }),
                }
            });
            let read_from = quote! {
                match ::xpm::__private::Node::variant(node) {
                    #(#arms)*
                    _ => ::core::result::Result::Err(::xpm::__private::ReadError::new("no such variant")),
                }
            };
            (quote!(::xpm::__private::VariantArgs<Self>), to_node, read_from)
        }
    };
    let (keys, check_argument) = match &model.body {
        Body::Struct(body) => (keys(model, &body.arguments), Some(check_argument(&body.arguments))),
        Body::Enum(_) => (TokenStream::new(), None),
    };
    let check = model.validate.as_ref().map(|function| {
        let validated = quote_spanned!(function.span()=> ::xpm::__private::validated(#function(self)));
        quote! {
            fn check(&self) -> ::core::result::Result<(), ::xpm::Error> {
                #validated
            }
        }
    });
    let by_value = (!model.is_task).then(|| quote!(impl ::xpm::__private::Plain for #ident {}));
    let replaced = model.deprecated.as_ref().map(|by| replaced(model, by));
    let check_options = check_options(&model.body);
    let task_entry = model.is_task.then(|| {
        // The bound `Task` is reported where the struct is named.
        let of = quote_spanned!(ident.span()=> of::<#ident>());
        quote!(::xpm::__private::inventory::submit! { ::xpm::__private::TaskEntry::#of })
    });
    apart(&quote! {
        impl ::xpm::__private::ConfigType for #ident {
            type Args = #args;

            fn schema() -> &'static ::xpm::__private::TypeSchema {
                static SCHEMA: ::std::sync::OnceLock<::xpm::__private::TypeSchema> = ::std::sync::OnceLock::new();
                SCHEMA.get_or_init(|| #schema)
            }

            fn to_node(&self) -> ::std::sync::Arc<::xpm::__private::Node> {
                #to_node
            }

            fn read_from(
                node: &::std::sync::Arc<::xpm::__private::Node>,
                reader: &mut ::xpm::__private::Reader<'_>,
            ) -> ::core::result::Result<Self, ::xpm::__private::ReadError> {
                #read_from
            }

            #check_argument
            #check
        }

        #keys

        impl ::xpm::__private::Argument for #ident {
            fn ty() -> ::xpm::__private::Type {
                ::xpm::__private::Type::Config(<Self as ::xpm::__private::ConfigType>::schema)
            }

            fn to_value(&self) -> ::xpm::__private::Value {
                ::xpm::__private::Value::Config(::xpm::__private::ConfigType::to_node(self))
            }

            fn read(
                value: &::xpm::__private::Value,
                reader: &mut ::xpm::__private::Reader<'_>,
            ) -> ::core::result::Result<Self, ::xpm::__private::ReadError> {
                ::xpm::__private::Reader::config_value::<Self>(reader, value)
            }
        }

        impl ::xpm::__private::NotOption for #ident {}
        #by_value

        ::xpm::__private::inventory::submit! { ::xpm::__private::Registered::of::<#ident>() }
        #task_entry
        #replaced
        #check_resources
        #check_options
    })
}

/// What makes the compiler refuse an `Option` under another name, which has no second setter and would have to be set.
fn check_options(body: &Body) -> TokenStream {
    let all: Vec<_> = match body {
        Body::Struct(body) => body.arguments.iter().collect(),
        Body::Enum(body) => body.variants.iter().flat_map(|variant| &variant.arguments).collect(),
    };
    let unseen = all.into_iter().filter(|argument| argument.settable() && argument.optional.is_none());
    let checks = unseen.map(|argument| {
        let (name, ty) = (&argument.name, &argument.ty);
        let told = format!(
            "the type of `{name}` is an `Option` by another name, and that is not seen: write `Option<…>` itself; what is in it \
             may have any name"
        );
        let check = quote_spanned!(ty.span()=> ::core::assert!(!::xpm::__private::Named::<#ty>::IS_OPTION, #told));
        quote!(const _: () = #check;)
    });
    let checks: Vec<_> = checks.collect();
    let import = (!checks.is_empty()).then(|| {
        quote!(
            use ::xpm::__private::NoOption as _;
        )
    });
    quote!(#import #(#checks)*)
}

/// What makes a value of the deprecated type one of the type `by`. Missing `impl`s are reported on that.
fn replaced(model: &Model, by: &Type) -> TokenStream {
    let ident = &model.ident;
    let of = if model.is_task { quote_spanned!(by.span()=> of_task) } else { quote_spanned!(by.span()=> of_config) };
    let of = quote_spanned!(by.span()=> #of::<#ident, #by>());
    quote!(::xpm::__private::inventory::submit! { ::xpm::__private::Replaced::#of })
}

fn node(variant: &TokenStream, slots: impl Iterator<Item = TokenStream>) -> TokenStream {
    quote! {
        ::xpm::__private::Node::new(
            <Self as ::xpm::__private::ConfigType>::schema(),
            #variant,
            ::std::vec![#(#slots),*],
            ::xpm::__private::Tags::new(),
        )
    }
}

/// The slot of an argument whose field is behind the reference `field`.
fn slot(argument: &Argument, field: &TokenStream) -> TokenStream {
    let ty = &argument.ty;
    let value = match (&argument.role, &argument.optional) {
        (Role::JobPath(_), _) => quote!(::xpm::__private::Value::Nothing),
        (Role::Json, Some(_)) => quote! {
            match #field {
                ::core::option::Option::Some(value) => ::xpm::__private::json_value(value),
                ::core::option::Option::None => ::xpm::__private::Value::Nothing,
            }
        },
        (Role::Json, None) => quote_spanned!(ty.span()=> ::xpm::__private::json_value::<#ty>(#field)),
        (Role::Plain, _) => {
            let argument = as_argument(argument);
            quote!(#argument::to_value(#field))
        }
    };
    quote!(::xpm::__private::Slot::unset(#value))
}

/// `field: what is read for it`.
fn member((index, argument): (usize, &Argument)) -> TokenStream {
    let (member, ty) = (&argument.member, &argument.ty);
    match &argument.role {
        Role::JobPath(path) => {
            let read = quote_spanned!(ty.span()=> ::xpm::__private::Reader::job_path::<#ty>(reader, node, #path));
            quote!(#member: #read)
        }
        Role::Json => {
            let read = quote_spanned!(ty.span()=> ::xpm::__private::Reader::json::<#ty>(reader, node, #index));
            quote!(#member: #read?)
        }
        Role::Plain => {
            let argument = as_argument(argument);
            quote!(#member: ::xpm::__private::Reader::arg(reader, node, #index, #argument::read)?)
        }
    }
}
