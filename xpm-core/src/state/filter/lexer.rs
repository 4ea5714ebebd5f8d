//! From text to tokens: words, quoted texts, operators.

use std::ops::Range;

use winnow::ascii::multispace0;
use winnow::combinator::{alt, peek};
use winnow::prelude::*;
use winnow::stream::{LocatingSlice, Location};
use winnow::token::{any, one_of, take, take_till, take_while};

use super::error::Wrong;

/// A token and the bytes that it takes in the text.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) span: Range<usize>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    /// Not quoted: a keyword, a field, or a value.
    Word(String),
    Quoted(String),
    /// A comparison.
    Operator(&'static str),
    Open,
    Close,
    OpenList,
    CloseList,
    Comma,
}

impl Token {
    /// How a message names it.
    pub(super) fn shown(&self) -> String {
        match &self.kind {
            Kind::Word(word) => format!("`{word}`"),
            Kind::Quoted(text) => format!("the text {text:?}"),
            Kind::Operator(operator) => format!("`{operator}`"),
            Kind::Open => "`(`".to_owned(),
            Kind::Close => "`)`".to_owned(),
            Kind::OpenList => "`[`".to_owned(),
            Kind::CloseList => "`]`".to_owned(),
            Kind::Comma => "`,`".to_owned(),
        }
    }

    /// Whether it is this keyword; keywords may be written in capitals.
    pub(super) fn is(&self, keyword: &str) -> bool {
        matches!(&self.kind, Kind::Word(word) if is_keyword(word, keyword))
    }
}

impl Location for Token {
    fn previous_token_end(&self) -> usize {
        self.span.end
    }

    fn current_token_start(&self) -> usize {
        self.span.start
    }
}

fn is_keyword(word: &str, keyword: &str) -> bool {
    word == keyword || (word.eq_ignore_ascii_case(keyword) && word.bytes().all(|b| b.is_ascii_uppercase()))
}

/// The words that mean something wherever they stand.
pub(super) fn is_reserved(word: &str) -> bool {
    ["and", "or", "not", "in"].iter().any(|keyword| is_keyword(word, keyword))
}

/// What may stand in a word that is not quoted: enough for numbers, times, paths, and simple patterns.
pub(super) fn in_word(c: char) -> bool {
    c.is_alphanumeric() || "_-.+/:@%*^$?#".contains(c)
}

type Input<'i> = LocatingSlice<&'i str>;

/// The tokens of `text`.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, Wrong> {
    let mut input = LocatingSlice::new(text);
    let mut tokens = Vec::new();
    loop {
        blanks(&mut input)?;
        if input.is_empty() {
            return Ok(tokens);
        }
        let (kind, span) = token.with_span().parse_next(&mut input)?;
        tokens.push(Token { kind, span });
    }
}

fn blanks(input: &mut Input<'_>) -> Result<(), Wrong> {
    multispace0.void().parse_next(input)
}

fn token(input: &mut Input<'_>) -> Result<Kind, Wrong> {
    let start = input.current_token_start();
    match peek(any).parse_next(input)? {
        '"' | '\'' => quoted(input).map(Kind::Quoted),
        '(' | ')' | '[' | ']' | ',' => punctuation(input),
        '=' | '!' | '<' | '>' | '~' => operator(input),
        c if in_word(c) => word(input).map(Kind::Word),
        other => {
            let help = match other {
                '&' => ": write `and`".to_owned(),
                '|' => ": write `or`, or quote the text that it stands in".to_owned(),
                '{' | '}' | '\\' | ';' | '`' => ": quote the text that it stands in".to_owned(),
                _ => String::new(),
            };
            let shown: String = if other.is_control() { format!("{other:?}") } else { format!("`{other}`") };
            Err(Wrong::at(start..start + other.len_utf8(), format!("{shown} means nothing here{help}")))
        }
    }
}

fn punctuation(input: &mut Input<'_>) -> Result<Kind, Wrong> {
    let kind = one_of(['(', ')', '[', ']', ',']).map(|c| match c {
        '(' => Kind::Open,
        ')' => Kind::Close,
        '[' => Kind::OpenList,
        ']' => Kind::CloseList,
        _ => Kind::Comma,
    });
    { kind }.parse_next(input)
}

fn operator(input: &mut Input<'_>) -> Result<Kind, Wrong> {
    let start = input.current_token_start();
    let symbol = alt((
        "==".value("="),
        "!=".value("!="),
        "<>".value("!="),
        "<=".value("<="),
        ">=".value(">="),
        "=".value("="),
        "<".value("<"),
        ">".value(">"),
        "~".value("~"),
    ));
    let found: Result<&'static str, Wrong> = { symbol }.parse_next(input);
    match found {
        Ok(symbol) => Ok(Kind::Operator(symbol)),
        Err(_) => Err(Wrong::at(start..start + 1, "`!` alone means nothing: write `not`, or `!=`")),
    }
}

/// A word; a field may go on with an index, `layers[0].size`.
fn word(input: &mut Input<'_>) -> Result<String, Wrong> {
    let mut word: String = take_while(1.., in_word).map(str::to_owned).parse_next(input)?;
    while !is_reserved(&word) && input.starts_with('[') {
        let Some(length) = input.find(']') else { break };
        let index: &str = take(input[..=length].chars().count()).parse_next(input)?;
        word.push_str(index);
        word.push_str(take_while(0.., in_word).parse_next(input)?);
    }
    Ok(word)
}

/// A quoted text with its escapes.
fn quoted(input: &mut Input<'_>) -> Result<String, Wrong> {
    let start = input.current_token_start();
    let quote = any.parse_next(input)?;
    let mut text = String::new();
    loop {
        text.push_str(take_till(0.., |c| c == quote || c == '\\').parse_next(input)?);
        let at = input.current_token_start();
        let unclosed = |_: Wrong| Wrong::at(start..at, format!("the text that begins here has no closing {quote}"));
        if any.parse_next(input).map_err(unclosed)? == quote {
            return Ok(text);
        }
        let escaped = any.parse_next(input).map_err(unclosed)?;
        text.push(match escaped {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            '0' => '\0',
            '\\' | '"' | '\'' => escaped,
            'u' => unicode(input, at)?,
            other => {
                let message = format!(
                    "`\\{other}` is no escape; there are \\\\ \\\" \\' \\n \\t \\r \\0 and \\u{{…}}: \
                     write `\\\\{other}` for a backslash and `{other}`"
                );
                return Err(Wrong::at(at..at + 1 + other.len_utf8(), message));
            }
        });
    }
}

/// The rest of `\u{1f600}`.
fn unicode(input: &mut Input<'_>, at: usize) -> Result<char, Wrong> {
    let digits = ('{', take_while(1..=6, |c: char| c.is_ascii_hexdigit()), '}').map(|(_, digits, _)| digits);
    let found: Result<&str, Wrong> = { digits }.parse_next(input);
    let code = found.ok().and_then(|digits| u32::from_str_radix(digits, 16).ok()).and_then(char::from_u32);
    code.ok_or_else(|| Wrong::at(at..at + 2, "`\\u` takes the number of a character, for instance \\u{e9}"))
}
