//! `partial(checkpoints, except = [epochs])`: a folder that jobs share if they differ in these arguments only.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens as _;
use syn::ext::IdentExt as _;
use syn::parse::{ParseStream, Parser as _};
use syn::punctuated::Punctuated;
use syn::{Ident, LitStr, Token, bracketed};

use crate::errors::Errors;
use crate::model::Argument;

/// One such folder.
pub(crate) struct Partial {
    pub(crate) name: String,
    span: Span,
    /// The arguments in which the jobs may differ.
    pub(crate) except: Vec<Ident>,
}

const WRITE: &str = "write `#[task(partial(checkpoints, except = [epochs]))]`";

impl Partial {
    /// Reads what stands in the parentheses behind `key`.
    pub(crate) fn parse(key: &Ident, tokens: TokenStream) -> syn::Result<Self> {
        let wrong = |span, what: &str| syn::Error::new(span, format!("{what}: {WRITE}"));
        let parser = |input: ParseStream<'_>| {
            if input.is_empty() || input.peek(Token![,]) {
                let span = if input.is_empty() { key.span() } else { input.span() };
                return Err(wrong(span, "the folder has no name"));
            }
            let (name, span) = if input.peek(LitStr) {
                let text = input.parse::<LitStr>()?;
                (text.value(), text.span())
            } else {
                let name =
                    Ident::parse_any(input).map_err(|error| wrong(error.span(), "expected a name for the folder"))?;
                (name.unraw().to_string(), name.span())
            };
            if let Some(why) = unfit(&name) {
                return Err(wrong(span, &format!("a folder is named like this, and {why}")));
            }
            let missing = "say which arguments may differ between the jobs that share it";
            if input.is_empty() {
                return Err(wrong(span, missing));
            }
            input.parse::<Token![,]>().map_err(|error| wrong(error.span(), "expected `,`"))?;
            if input.is_empty() {
                return Err(wrong(span, missing));
            }
            let word = Ident::parse_any(input).map_err(|error| wrong(error.span(), "expected `except`"))?;
            if word != "except" {
                return Err(wrong(word.span(), &format!("`{word}` is nothing that a folder takes")));
            }
            if !input.peek(Token![=]) || !input.peek2(syn::token::Bracket) {
                return Err(wrong(word.span(), "`except` takes a list of arguments"));
            }
            input.parse::<Token![=]>()?;
            let list;
            let bracket = bracketed!(list in input);
            let names = Punctuated::<Ident, Token![,]>::parse_terminated_with(&list, Ident::parse_any)
                .map_err(|error| wrong(error.span(), "expected the name of an argument"))?;
            if names.is_empty() {
                return Err(wrong(bracket.span.join(), missing));
            }
            input.parse::<Option<Token![,]>>()?;
            if !input.is_empty() {
                return Err(wrong(input.span(), "nothing follows `except = […]`"));
            }
            Ok(Self { name, span, except: names.into_iter().collect() })
        };
        parser.parse2(tokens)
    }

    /// What a program finds the folder under.
    fn variable(&self) -> String {
        self.name.to_uppercase().replace(['-', '.'], "_")
    }
}

/// Why a folder cannot have this name.
fn unfit(name: &str) -> Option<&'static str> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if name.is_empty() {
        Some("it is empty")
    } else if name.len() > 100 {
        Some("it is longer than 100 bytes")
    } else if !name.chars().all(allowed) {
        Some("it may hold `A-Z a-z 0-9 _ - .` only")
    } else if name.starts_with('.') || name.ends_with('.') || name.contains("..") {
        Some("it begins or ends with a dot, or holds `..`")
    } else {
        None
    }
}

/// Checks the folders of a task against each other and against its arguments, and gives those that are good.
pub(crate) fn check(partials: Vec<Partial>, arguments: &[Argument], errors: &Errors) -> Vec<Partial> {
    let mut variables: Vec<String> = Vec::new();
    for partial in &partials {
        let variable = partial.variable();
        if variables.contains(&variable) {
            let message =
                format!("another folder of this task has the name `{}`, or one that differs little", partial.name);
            errors.at(partial.span, message);
        }
        variables.push(variable);
        for (i, name) in partial.except.iter().enumerate() {
            if partial.except[..i].iter().any(|other| other.unraw() == name.unraw()) {
                errors.at(name.span(), format!("`{name}` is given twice"));
            }
            let plain = name.unraw().to_string();
            if !arguments.iter().any(|argument| argument.name == plain) {
                let all: Vec<_> = arguments.iter().map(|argument| format!("`{}`", argument.name)).collect();
                let there = match all.is_empty() {
                    true => "it has none".to_owned(),
                    false => format!("it has {}", all.join(", ")),
                };
                errors.on(name.to_token_stream(), format!("`{name}` is no argument of this task: {there}"));
            }
        }
    }
    partials
}
