//! The builder that `config()` returns: a setter for each argument, and a type parameter for each required one, which
//! says whether it is set. Structs and the variants of closed families share it.

use proc_macro2::TokenStream;
use quote::{ToTokens as _, format_ident, quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::{Ident, Visibility};

use super::schema::{arg_ty, into_arg, item_ty};
use super::symbolic::{Stands, configure, debug};
use super::{allow, apart, deprecation};
use crate::model::{Argument, Model, StructBody};

/// A builder to write.
pub(crate) struct Builder<'a> {
    pub(crate) ident: &'a Ident,
    pub(crate) vis: &'a Visibility,
    pub(crate) doc: String,
    /// What it builds, for messages.
    pub(crate) of: &'a Ident,
    /// The user's type.
    pub(crate) target: &'a Ident,
    pub(crate) is_task: bool,
    pub(crate) arguments: &'a [Argument],
    /// The argument struct.
    pub(crate) args: TokenStream,
    /// How an argument of the argument struct is set: its number, its name, whether `None` is among what is given.
    pub(crate) set: fn(&Builder<'_>, usize, &Argument, maybe: bool) -> TokenStream,
}

/// The builder of a struct, and the function `config` that starts it.
pub(crate) fn of_struct(model: &Model, body: &StructBody) -> TokenStream {
    let Model { ident, vis, is_task, .. } = model;
    let StructBody { args, builder: name, arguments } = body;
    let set = |of: &Builder<'_>, _: usize, argument: &Argument, maybe: bool| {
        let args = &of.args;
        let maybe = if maybe { "maybe_" } else { "" };
        let set = format_ident!("set_{maybe}{}", argument.setter.unraw());
        quote!(<#args>::#set(&mut self.__args, value);)
    };
    let builder = Builder {
        ident: name,
        vis,
        doc: format!("Builds the arguments of [`{ident}`]: made by `{ident}::config()`."),
        of: ident,
        target: ident,
        is_task: *is_task,
        arguments,
        args: quote!(#args),
        set,
    };
    let builder = builder.write();
    let initial = arguments.iter().enumerate().filter(|(_, argument)| argument.settable()).map(|(index, argument)| {
        let name = &argument.setter;
        quote!(#name: ::xpm::__private::Arg::initial(&arguments[#index]))
    });
    let doc = format!("A builder of `{ident}`, with a setter for each argument.");
    let (allow, deprecation) = (allow(), deprecation(model));
    let config = quote! {
        #allow
        impl #ident {
            #[doc = #doc]
            #deprecation
            #vis fn config() -> #name {
                let arguments = <Self as ::xpm::__private::ConfigType>::schema().arguments(::core::option::Option::None);
                #name {
                    __args: #args { #(#initial,)* __xpm: ::core::default::Default::default() },
                    __given: ::core::marker::PhantomData,
                }
            }
        }
    };
    quote!(#builder #config)
}

impl Builder<'_> {
    /// The struct, the marks of its required arguments, and its impls.
    pub(crate) fn write(&self) -> TokenStream {
        let Self { ident, vis, doc, args, .. } = self;
        let allow = allow();
        let required: Vec<_> = self.arguments.iter().filter(|argument| argument.required()).collect();
        let states: Vec<_> = (0..required.len()).map(|i| format_ident!("__S{i}")).collect();
        let generics = if states.is_empty() { quote!() } else { quote!(<#(#states),*>) };
        let ty = quote!(#ident #generics);
        let marks: Vec<_> = required.iter().map(|argument| self.mark(argument)).collect();
        let bounds =
            required.iter().zip(&states).zip(&marks).map(
                |((argument, state), mark)| quote_spanned!(argument.span()=> #state: ::xpm::__private::Given<#mark>),
            );
        let bounds = if required.is_empty() { quote!() } else { quote!(where #(#bounds),*) };
        let setters = self.arguments.iter().enumerate().filter(|(_, argument)| argument.settable());
        let setters = setters.map(|(index, argument)| {
            let number = required.iter().position(|other| std::ptr::eq(*other, argument));
            self.setters(index, argument, number.map(|number| (number, states.as_slice())), &ty)
        });
        let stands = |args| Stands {
            generics: generics.clone(),
            ty: ty.clone(),
            bounds: bounds.clone(),
            target: self.target,
            is_task: self.is_task,
            args,
        };
        let this = stands(quote!(&self.__args));
        let (symbolic, has_tags, complete) = (this.symbolic(), this.has_tags(), this.complete());
        let configure = configure(&generics, &ty, args, &quote!(self.__args));
        let debug = debug(&generics, &ty, &quote!(&self.__args));
        // Beside the impls, where no other type has marks and none of the user's types is in the way.
        let impls = apart(&quote! {
            #(struct #marks;)*

            #configure
            #complete
            #symbolic
            #has_tags
            #debug
        });
        // The item begins and ends on the user's type, which is where messages then show it.
        let keyword = quote_spanned!(self.target.span()=> struct);
        let states_given = quote!((#(#states,)*));
        let fields = quote_spanned! {self.target.span()=>
            {
                __args: #args,
                __given: ::core::marker::PhantomData<fn() -> #states_given>,
            }
        };
        let unset = if states.is_empty() { quote!() } else { quote!(<#(#states = ::xpm::__private::Unset),*>) };
        quote! {
            #[doc = #doc]
            #allow
            #[must_use = "give the builder to an argument, `.build()` it or submit it"]
            #vis #keyword #ident #unset #fields

            #allow
            impl #generics #ty {
                #(#setters)*
            }

            #impls
        }
    }

    /// The name of a required argument as a type, for messages: `Collection__name`, or `Loss__Huber__delta` of a variant.
    fn mark(&self, argument: &Argument) -> Ident {
        let mut of = self.of.unraw().to_string();
        if self.of != self.target {
            of = format!("{}__{of}", self.target.unraw());
        }
        Ident::new(&format!("{of}__{}", argument.name), argument.span())
    }

    /// The setters of one argument; `required` is its number among the required ones, and their states.
    fn setters(
        &self,
        index: usize,
        argument: &Argument,
        required: Option<(usize, &[Ident])>,
        ty: &TokenStream,
    ) -> TokenStream {
        let ident = self.ident;
        let (then, end) = match required {
            None => (ty.clone(), quote!(self)),
            Some((number, states)) => {
                let states = states.iter().enumerate().map(|(i, state)| {
                    if i == number { quote!(::xpm::__private::Set) } else { state.to_token_stream() }
                });
                (
                    quote!(#ident<#(#states),*>),
                    quote!(#ident { __args: self.__args, __given: ::core::marker::PhantomData }),
                )
            }
        };
        let whole = arg_ty(argument);
        let Some(item) = item_ty(argument) else {
            return self.setter(index, argument, &whole, false, &then, &end);
        };
        let some = self.setter(index, argument, &item, false, &then, &end);
        let maybe =
            argument.takes_maybe(self.arguments).then(|| self.setter(index, argument, &whole, true, &then, &end));
        quote!(#some #maybe)
    }

    fn setter(
        &self,
        index: usize,
        argument: &Argument,
        given: &TokenStream,
        maybe: bool,
        then: &TokenStream,
        end: &TokenStream,
    ) -> TokenStream {
        let (vis, set) = (self.vis, (self.set)(self, index, argument, maybe));
        let (name, help) = match maybe {
            false => (argument.setter.clone(), help(argument)),
            true => (format_ident!("maybe_{}", argument.setter.unraw()), maybe_help(&argument.setter.to_string())),
        };
        let bound = into_arg(argument, given);
        quote! {
            #[doc = #help]
            #[track_caller]
            #vis fn #name<__M>(mut self, value: impl #bound) -> #then {
                #set
                #end
            }
        }
    }
}

/// The documentation of a setter: the user's, and the default.
pub(crate) fn help(argument: &Argument) -> String {
    let mut help = if argument.help.is_empty() { format!("Sets `{}`.", argument.name) } else { argument.help.clone() };
    if let Some(default) = &argument.default {
        let default = default.to_token_stream().to_string().replace(" :: ", "::").replace(" (", "(").replace("& ", "&");
        help.push_str(&format!("\n\nDefault: `{default}`."));
    } else if argument.optional.is_some() {
        help.push_str("\n\nOptional.");
    }
    help
}

/// The documentation of the setter beside `setter` that also takes `None`.
pub(crate) fn maybe_help(setter: &str) -> String {
    format!("As [`{0}`](Self::{0}), with an `Option`.", setter.trim_start_matches("r#"))
}
