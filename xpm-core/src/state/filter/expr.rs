//! What a filter says, as a tree. Never deeper than the parser allows, so walking it is plain recursion.

use std::fmt;

use regex_lite::Regex;

use super::FieldName;
use super::literal::{Literal, write_field};

/// A filter's tree. Fields are numbers into the list that the filter keeps.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expr {
    /// All of two or more.
    And(Vec<Expr>),
    /// At least one of two or more.
    Or(Vec<Expr>),
    Not(Box<Expr>),
    Compare(usize, Operator, Literal),
    In {
        field: usize,
        negated: bool,
        items: Vec<Literal>,
    },
    Match(usize, Pattern),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Operator {
    pub(super) fn of(symbol: &str) -> Option<Self> {
        Some(match symbol {
            "=" => Self::Equal,
            "!=" => Self::NotEqual,
            "<" => Self::Less,
            "<=" => Self::LessOrEqual,
            ">" => Self::Greater,
            ">=" => Self::GreaterOrEqual,
            _ => return None,
        })
    }

    /// Whether it asks for an order.
    pub(super) fn orders(self) -> bool {
        !matches!(self, Self::Equal | Self::NotEqual)
    }

    fn symbol(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }
}

/// A regular expression, as written and made ready.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    pub(super) source: Literal,
    pub(super) regex: Regex,
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Expr {
    pub(super) fn write(&self, f: &mut fmt::Formatter<'_>, fields: &[FieldName]) -> fmt::Result {
        match self {
            Expr::And(parts) => {
                Self::join(f, fields, parts, " and ", |part| matches!(part, Expr::And(_) | Expr::Or(_)))
            }
            Expr::Or(parts) => Self::join(f, fields, parts, " or ", |part| matches!(part, Expr::Or(_))),
            Expr::Not(inner) => {
                f.write_str("not ")?;
                Self::maybe_in_parentheses(f, fields, inner, matches!(**inner, Expr::And(_) | Expr::Or(_)))
            }
            Expr::Compare(field, operator, literal) => {
                write_field(f, &fields[*field].path)?;
                write!(f, " {} {literal}", operator.symbol())
            }
            Expr::Match(field, pattern) => {
                write_field(f, &fields[*field].path)?;
                write!(f, " ~ {}", pattern.source)
            }
            Expr::In { field, negated, items } => {
                write_field(f, &fields[*field].path)?;
                f.write_str(if *negated { " not in [" } else { " in [" })?;
                for (i, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if i > 0 { ", " } else { "" })?;
                }
                f.write_str("]")
            }
        }
    }

    fn join(
        f: &mut fmt::Formatter<'_>,
        fields: &[FieldName],
        parts: &[Expr],
        between: &str,
        looser: impl Fn(&Expr) -> bool,
    ) -> fmt::Result {
        for (i, part) in parts.iter().enumerate() {
            if i > 0 {
                f.write_str(between)?;
            }
            Self::maybe_in_parentheses(f, fields, part, looser(part))?;
        }
        Ok(())
    }

    fn maybe_in_parentheses(
        f: &mut fmt::Formatter<'_>,
        fields: &[FieldName],
        part: &Expr,
        parentheses: bool,
    ) -> fmt::Result {
        if !parentheses {
            return part.write(f, fields);
        }
        f.write_str("(")?;
        part.write(f, fields)?;
        f.write_str(")")
    }
}
