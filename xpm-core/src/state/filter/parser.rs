//! From tokens to a tree. One token of look-ahead and no way back, so it is linear in the text; `and` and `or` take any
//! number of parts without recursion, and what does nest is bounded.

use std::time::SystemTime;

use regex_lite::RegexBuilder;
use winnow::Parser as _;
use winnow::stream::TokenSlice;
use winnow::token::any;

use super::error::Wrong;
use super::expr::{Expr, Operator, Pattern};
use super::lexer::{Kind, Token, is_reserved, tokens};
use super::literal::Literal;
use super::{FieldName, Filter, known};
use crate::near::did_you_mean;

/// How deep parentheses and `not` may nest.
const MAX_DEPTH: usize = 100;
/// How much memory a pattern may take once made ready.
const MAX_PATTERN: usize = 1 << 20;

pub(super) fn parse(text: &str, now: SystemTime) -> Result<Filter, Wrong> {
    let tokens = tokens(text)?;
    if tokens.is_empty() {
        return Err(Wrong::at(0..0, "a filter is empty: write for instance `state = failed`"));
    }
    let mut parser = Reader { input: TokenSlice::new(&tokens), end: text.len(), now, fields: Vec::new(), depth: 0 };
    let expr = parser.or()?;
    if let Some(token) = parser.peek() {
        let help = match &token.kind {
            Kind::Close => "there is no `(` that it closes".to_owned(),
            Kind::Word(_) | Kind::Quoted(_) | Kind::Open => "expected `and`, `or` or the end before it".to_owned(),
            _ => "expected `and`, `or` or the end here".to_owned(),
        };
        return Err(Wrong::at(token.span.clone(), format!("{} is too much: {help}", token.shown())));
    }
    Ok(Filter { source: text.to_owned(), expr, fields: parser.fields })
}

struct Reader<'t> {
    input: TokenSlice<'t, Token>,
    /// Where the text ends.
    end: usize,
    now: SystemTime,
    fields: Vec<FieldName>,
    depth: usize,
}

impl<'t> Reader<'t> {
    fn peek(&self) -> Option<&'t Token> {
        let mut ahead = self.input.clone();
        Self::token(&mut ahead).ok()
    }

    fn token(input: &mut TokenSlice<'t, Token>) -> Result<&'t Token, ()> {
        any::<_, winnow::error::EmptyError>.parse_next(input).map_err(|_| ())
    }

    fn next(&mut self, expected: &str) -> Result<&'t Token, Wrong> {
        Self::token(&mut self.input)
            .map_err(|()| Wrong::at(self.end..self.end, format!("the filter ends where {expected} is expected")))
    }

    /// Takes the next token if it is what is asked for.
    fn take(&mut self, wanted: impl Fn(&Token) -> bool) -> bool {
        let found = self.peek().is_some_and(wanted);
        if found {
            let _ = Self::token(&mut self.input);
        }
        found
    }

    /// `and` binds tighter than `or`.
    fn or(&mut self) -> Result<Expr, Wrong> {
        let first = self.and()?;
        let mut parts = vec![first];
        while self.take(|token| token.is("or")) {
            parts.push(self.and()?);
        }
        Ok(one_or(parts, Expr::Or))
    }

    fn and(&mut self) -> Result<Expr, Wrong> {
        let mut parts = vec![self.not()?];
        while self.take(|token| token.is("and")) {
            parts.push(self.not()?);
        }
        Ok(one_or(parts, Expr::And))
    }

    /// `not` binds tighter than `and`, and takes a whole comparison.
    fn not(&mut self) -> Result<Expr, Wrong> {
        let Some(token) = self.peek() else { return self.comparison() };
        let negated = token.is("not");
        if !negated && token.kind != Kind::Open {
            return self.comparison();
        }
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Wrong::at(token.span.clone(), format!("this is nested more than {MAX_DEPTH} deep")));
        }
        let _ = Self::token(&mut self.input);
        let inner = if negated {
            Expr::Not(Box::new(self.not()?))
        } else {
            let inner = self.or()?;
            if !self.take(|token| token.kind == Kind::Close) {
                return Err(match self.peek() {
                    Some(found) => Wrong::at(
                        found.span.clone(),
                        format!("expected `and`, `or` or `)` here, found {}", found.shown()),
                    ),
                    None => Wrong::at(token.span.clone(), "this `(` is not closed"),
                });
            }
            inner
        };
        self.depth -= 1;
        Ok(inner)
    }

    fn comparison(&mut self) -> Result<Expr, Wrong> {
        let token = self.next("a field")?;
        let path = match &token.kind {
            Kind::Word(word) if is_reserved(word) => {
                return Err(Wrong::at(
                    token.span.clone(),
                    format!("expected a field, found `{word}`; a field or value of that name is quoted"),
                ));
            }
            Kind::Word(word) if !word.starts_with(|c: char| c.is_alphabetic() || c == '_') => {
                let message =
                    format!("expected a field, found `{word}`: the field stands on the left, the value on the right");
                return Err(Wrong::at(token.span.clone(), message));
            }
            Kind::Word(path) | Kind::Quoted(path) => path,
            _ => {
                let message = format!("expected a field, `not` or `(`, found {}", token.shown());
                return Err(Wrong::at(token.span.clone(), message));
            }
        };
        let field = self.field(path, token);
        let expected = format!("an operator behind `{path}`");
        let operator = self.next(&expected)?;
        match &operator.kind {
            Kind::Operator("~") => self.pattern(field),
            Kind::Operator(symbol) => match Operator::of(symbol) {
                Some(compared) => {
                    if path == "id" && compared.orders() {
                        let message = "`id` has no order: compare it by = != ~ or in";
                        return Err(Wrong::at(operator.span.clone(), message));
                    }
                    let literal = self.value(path, &format!("a value behind `{symbol}`"))?;
                    Ok(Expr::Compare(field, compared, literal))
                }
                None => Err(Wrong::at(operator.span.clone(), format!("`{symbol}` is no comparison"))),
            },
            _ if operator.is("in") => self.list(path, field, false),
            _ if operator.is("not") => {
                let found = self.next("`in` behind `not`")?;
                if !found.is("in") {
                    let message = format!("expected `in` behind `not`, found {}", found.shown());
                    return Err(Wrong::at(found.span.clone(), message));
                }
                self.list(path, field, true)
            }
            _ => Err(self.no_operator(path, token, operator)),
        }
    }

    fn no_operator(&self, path: &str, field: &Token, found: &Token) -> Wrong {
        let operators = "= != < <= > >= ~ in, or not in";
        if matches!(&found.kind, Kind::Word(_)) && (found.is("and") || found.is("or")) || found.kind == Kind::Close {
            let message = format!(
                "`{path}` alone says nothing: expected {operators} behind it; `{path} != none` asks whether it is there"
            );
            return Wrong::at(field.span.clone(), message);
        }
        let names = ["and", "or", "not", "in"];
        let meant = match &found.kind {
            Kind::Word(word) => did_you_mean(word, names),
            _ => String::new(),
        };
        Wrong::at(found.span.clone(), format!("expected {operators} behind `{path}`, found {}{meant}", found.shown()))
    }

    fn field(&mut self, path: &str, token: &Token) -> usize {
        if let Some(known) = self.fields.iter().position(|field| field.path == path) {
            return known;
        }
        self.fields.push(FieldName { path: path.to_owned(), span: token.span.clone() });
        self.fields.len() - 1
    }

    /// One value; `3h ago` is two words.
    fn value(&mut self, path: &str, expected: &str) -> Result<Literal, Wrong> {
        let token = self.next(expected)?;
        let mut span = token.span.clone();
        let literal = match &token.kind {
            Kind::Word(word) if is_reserved(word) => {
                let message = format!("expected {expected}, found `{word}`: quote it if it is the value");
                return Err(Wrong::at(span, message));
            }
            Kind::Word(word) => {
                let mut text = word.clone();
                let starts_with_digit = word.starts_with(|c: char| c.is_ascii_digit());
                if starts_with_digit && self.peek().is_some_and(|next| next.is("ago")) {
                    span.end = self.next("`ago`")?.span.end;
                    text.push_str(" ago");
                }
                Literal::word(&text, self.now)
            }
            Kind::Quoted(text) => Literal::quoted(text.clone(), self.now),
            Kind::OpenList => {
                return Err(Wrong::at(span, format!("expected {expected}, found a list: a list stands behind `in`")));
            }
            _ => return Err(Wrong::at(span, format!("expected {expected}, found {}", token.shown()))),
        };
        known::check(path, &literal, span)?;
        Ok(literal)
    }

    fn list(&mut self, path: &str, field: usize, negated: bool) -> Result<Expr, Wrong> {
        let open = self.next("a list behind `in`")?;
        let close = match open.kind {
            Kind::OpenList => Kind::CloseList,
            Kind::Open => Kind::Close,
            _ => {
                let message = format!("expected a list behind `in`, found {}: write for instance [1, 2]", open.shown());
                return Err(Wrong::at(open.span.clone(), message));
            }
        };
        let mut items = Vec::new();
        while !self.take(|token| token.kind == close) {
            if self.peek().is_none() {
                return Err(Wrong::at(open.span.clone(), format!("this {} is not closed", open.shown())));
            }
            items.push(self.value(path, "a value of the list")?);
            let more = self.take(|token| token.kind == Kind::Comma);
            match self.peek() {
                Some(token) if !more && token.kind != close => {
                    let closing = if close == Kind::Close { ")" } else { "]" };
                    let message = format!("expected `,` or `{closing}` here, found {}", token.shown());
                    return Err(Wrong::at(token.span.clone(), message));
                }
                _ => {}
            }
        }
        Ok(Expr::In { field, negated, items })
    }

    fn pattern(&mut self, field: usize) -> Result<Expr, Wrong> {
        let token = self.next("a pattern behind `~`")?;
        let source = match &token.kind {
            Kind::Word(word) if !is_reserved(word) => Literal::word(word, self.now),
            Kind::Quoted(text) => Literal::quoted(text.clone(), self.now),
            _ => {
                let message = format!("expected a pattern behind `~`, found {}: quote it", token.shown());
                return Err(Wrong::at(token.span.clone(), message));
            }
        };
        let regex = RegexBuilder::new(source.text()).size_limit(MAX_PATTERN).build();
        let regex = regex.map_err(|error| {
            Wrong::at(token.span.clone(), format!("`{}` is no regular expression: {error}", source.text()))
        })?;
        Ok(Expr::Match(field, Pattern { source, regex }))
    }
}

fn one_or(mut parts: Vec<Expr>, several: fn(Vec<Expr>) -> Expr) -> Expr {
    if parts.len() == 1 { parts.remove(0) } else { several(parts) }
}
