//! Reads options as they are written: names, values, and what is wrong with either. A mistake in one option does not
//! hide the next.

use proc_macro2::TokenStream;
use quote::ToTokens as _;
use syn::ext::IdentExt as _;
use syn::parse::{ParseStream, Parser as _};
use syn::{Attribute, Expr, ExprLit, Ident, Lit, LitStr, Meta, Path, Token, Type};

use crate::errors::Errors;
use crate::options::{self, Site, Spec, Takes};
use crate::partial::Partial;

/// An option as it is written.
pub(crate) struct Given {
    pub(crate) key: Ident,
    pub(crate) spec: &'static Spec,
    value: Option<Expr>,
}

/// The options of one attribute list, or of several that are merged.
#[derive(Default)]
pub(crate) struct Options {
    given: Vec<Given>,
}

impl Options {
    /// Reads the options of `tokens`.
    pub(crate) fn read(&mut self, tokens: TokenStream, site: Site, errors: &Errors) {
        let parser = |input: ParseStream<'_>| {
            while !input.is_empty() {
                if let Err(error) = self.read_one(input, site, errors) {
                    errors.add(error);
                    while !input.is_empty() && !input.peek(Token![,]) {
                        input.step(|cursor| Ok(((), cursor.token_tree().map_or(*cursor, |(_, rest)| rest))))?;
                    }
                }
                if !input.is_empty() {
                    input.parse::<Token![,]>()?;
                }
            }
            Ok(())
        };
        if let Err(error) = parser.parse2(tokens) {
            errors.add(error);
        }
    }

    fn read_one(&mut self, input: ParseStream<'_>, site: Site, errors: &Errors) -> syn::Result<()> {
        if !input.peek(Ident::peek_any) {
            return Err(input.error(format!("expected the name of an option: {}", options::allowed(site))));
        }
        let key = input.call(Ident::parse_any)?;
        let found =
            options::find(&key.unraw().to_string(), site).map_err(|message| syn::Error::new(key.span(), message));
        let value = if input.parse::<Option<Token![=]>>()?.is_some() {
            if let (true, Ok(spec)) = (input.is_empty(), &found) {
                return Err(syn::Error::new(key.span(), format!("a value is missing: write `{}`", spec.example)));
            }
            let is_type = matches!(&found, Ok(spec) if spec.takes == Takes::Type);
            let parsed = if is_type { parse_type(input) } else { input.parse::<Expr>() };
            let value = parsed.map_err(|error| match &found {
                Ok(spec) => syn::Error::new(error.span(), format!("{error}; write `{}`", spec.example)),
                Err(unknown) => unknown.clone(),
            });
            Some(value?)
        } else if matches!(&found, Ok(spec) if spec.takes.in_parentheses()) && input.peek(syn::token::Paren) {
            let content;
            syn::parenthesized!(content in input);
            Some(Expr::Verbatim(content.parse()?))
        } else {
            None
        };
        let spec = found?;
        if !input.is_empty() && !input.peek(Token![,]) {
            return Err(input.error(format!("expected `,`; `{0}` is written `{1}`", spec.name, spec.example)));
        }
        if !spec.takes.repeats() && self.given.iter().any(|other| other.spec.name == spec.name) {
            return Err(syn::Error::new(key.span(), format!("`{}` is given twice", spec.name)));
        }
        let given = Given { key, spec, value: value.map(ungrouped) };
        given.check_value(site, errors);
        self.given.push(given);
        Ok(())
    }

    /// The option `name`, if it is given.
    pub(crate) fn get(&self, name: &str) -> Option<&Given> {
        self.given.iter().find(|given| given.spec.name == name)
    }

    /// Its value as a text.
    pub(crate) fn text(&self, name: &str) -> Option<LitStr> {
        self.get(name)?.as_text().cloned()
    }

    /// Its value as a number.
    pub(crate) fn number(&self, name: &str) -> Option<u64> {
        self.get(name)?.as_number()
    }

    /// Its value as a count.
    pub(crate) fn count(&self, name: &str) -> Option<u32> {
        self.get(name)?.as_count()
    }

    /// Its value as a name.
    pub(crate) fn name(&self, name: &str) -> Option<Ident> {
        self.get(name)?.as_path()?.get_ident().cloned()
    }

    /// Its value as a path.
    pub(crate) fn path(&self, name: &str) -> Option<Path> {
        self.get(name)?.as_path().cloned()
    }

    /// Its value as a type.
    pub(crate) fn ty(&self, name: &str) -> Option<Type> {
        self.get(name)?.as_type()
    }

    /// What was chosen; an empty text if the option was given alone.
    pub(crate) fn choice(&self, name: &str) -> Option<String> {
        let given = self.get(name)?;
        match given.spec.takes {
            Takes::Choice(names) => given.as_choice(names),
            _ => None,
        }
    }

    /// Its value as texts.
    pub(crate) fn words(&self, name: &str) -> Option<Vec<LitStr>> {
        self.get(name)?.as_words()
    }

    /// Its value as one text or several.
    pub(crate) fn texts(&self, name: &str) -> Vec<LitStr> {
        self.get(name).and_then(Given::as_texts).unwrap_or_default()
    }

    /// The folders that are shared, those that are written without mistakes.
    pub(crate) fn partials(&self) -> Vec<Partial> {
        self.given.iter().filter_map(|given| given.as_partial()?.ok()).collect()
    }

    /// Its value.
    pub(crate) fn value(&self, name: &str) -> Option<Expr> {
        self.get(name)?.value.clone()
    }
}

impl Given {
    /// Reports a value of the wrong kind; its accessor then gives nothing.
    fn check_value(&self, site: Site, errors: &Errors) {
        let one_of;
        let (good, words) = match self.spec.takes {
            Takes::Text => (self.as_text().is_some(), "takes a text in quotes"),
            Takes::Texts => (self.as_texts().is_some(), "takes a text in quotes, or a list of them"),
            Takes::Number => (self.as_number().is_some(), "takes a whole number"),
            Takes::Count => (self.as_count().is_some(), "takes a whole number, a `u32`"),
            Takes::Name => (self.as_path().is_some_and(|path| path.get_ident().is_some()), "takes a name"),
            Takes::Function => (self.as_path().is_some(), "takes the path of a function"),
            Takes::Type => (self.as_type().is_some(), "takes a type"),
            Takes::Words => (self.as_words().is_some(), "takes a list of texts in quotes, the program first"),
            Takes::OneOf(names) => {
                one_of = format!("takes one of {}", quoted(names));
                let good =
                    self.as_path().and_then(Path::get_ident).is_some_and(|name| names.iter().any(|one| name == one));
                (good, &*one_of)
            }
            Takes::Choice(names) => {
                one_of = format!("takes nothing, or one of {}", quoted(names));
                (self.as_choice(names).is_some(), &*one_of)
            }
            Takes::Partial => match self.as_partial() {
                Some(Err(error)) => return errors.add(error),
                given => (given.is_some(), "takes a name and the arguments that may differ"),
            },
            Takes::Value => (self.value.is_some(), "takes a value"),
            Takes::Nothing => (self.value.is_none(), "takes no value"),
        };
        if !good {
            let message =
                format!("`{}` {words}: write `#[{}({})]`", self.spec.name, site.attribute(), self.spec.example);
            match &self.value {
                Some(value) => errors.on(value, message),
                None => errors.at(self.key.span(), message),
            }
        }
    }

    fn as_text(&self) -> Option<&LitStr> {
        match self.value.as_ref()? {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text),
            _ => None,
        }
    }

    fn as_texts(&self) -> Option<Vec<LitStr>> {
        self.as_text().map(|text| vec![text.clone()]).or_else(|| self.as_words())
    }

    fn as_number(&self) -> Option<u64> {
        match self.value.as_ref()? {
            Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) => number.base10_parse().ok(),
            _ => None,
        }
    }

    fn as_count(&self) -> Option<u32> {
        self.as_number()?.try_into().ok()
    }

    /// The name that was chosen; an empty one if nothing was.
    fn as_choice(&self, names: &[&str]) -> Option<String> {
        let name = match &self.value {
            None => return Some(String::new()),
            Some(Expr::Verbatim(tokens)) => tokens.to_string(),
            Some(Expr::Path(path)) => path.path.get_ident()?.to_string(),
            Some(_) => self.as_text()?.value(),
        };
        names.contains(&name.as_str()).then_some(name)
    }

    fn as_partial(&self) -> Option<syn::Result<Partial>> {
        match self.value.as_ref()? {
            Expr::Verbatim(tokens) if self.spec.takes == Takes::Partial => {
                Some(Partial::parse(&self.key, tokens.clone()))
            }
            _ => None,
        }
    }

    fn as_type(&self) -> Option<Type> {
        match self.value.as_ref()? {
            Expr::Verbatim(ty) if self.spec.takes == Takes::Type => syn::parse2(ty.clone()).ok(),
            _ => None,
        }
    }

    fn as_words(&self) -> Option<Vec<LitStr>> {
        let Expr::Array(array) = self.value.as_ref()? else { return None };
        let words = array.elems.iter().map(|word| match ungrouped(word.clone()) {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text),
            _ => None,
        });
        words.collect::<Option<Vec<_>>>().filter(|words| !words.is_empty())
    }

    fn as_path(&self) -> Option<&Path> {
        match self.value.as_ref()? {
            Expr::Path(path) if path.qself.is_none() => Some(&path.path),
            _ => None,
        }
    }
}

/// A type, carried as the expression that it is not.
fn parse_type(input: ParseStream<'_>) -> syn::Result<Expr> {
    let ty = input.parse::<Type>().map_err(|error| syn::Error::new(error.span(), "expected a type"))?;
    Ok(Expr::Verbatim(ty.to_token_stream()))
}

fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// What `macro_rules!` hands on as `$x:literal` or `$x:expr` comes in a group that nobody sees.
fn ungrouped(mut value: Expr) -> Expr {
    while let Expr::Group(group) = value {
        value = *group.expr;
    }
    value
}

/// The options of every `#[param(…)]` among the attributes of a field.
pub(crate) fn params(attrs: &[Attribute], errors: &Errors) -> Options {
    let mut params = Options::default();
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("param")) {
        match &attr.meta {
            Meta::List(list) if !list.tokens.is_empty() => params.read(list.tokens.clone(), Site::Param, errors),
            _ => errors.on(
                attr,
                format!(
                    "this `#[param]` says nothing: remove it, or write `#[param(default = 10)]`; {}",
                    options::allowed(Site::Param)
                ),
            ),
        }
    }
    params
}

/// The doc comment, without the blank that follows `///`.
pub(crate) fn help(attrs: &[Attribute]) -> String {
    let lines = attrs.iter().filter(|attr| attr.path().is_ident("doc")).filter_map(|attr| match &attr.meta {
        Meta::NameValue(doc) => match &doc.value {
            Expr::Lit(ExprLit { lit: Lit::Str(line), .. }) => Some(line.value()),
            _ => None,
        },
        _ => None,
    });
    let text = lines.map(|line| line.strip_prefix(' ').unwrap_or(&line).trim_end().to_owned()).collect::<Vec<_>>();
    text.join("\n").trim().to_owned()
}
