//! Whether a filter holds. There are two truth values: a comparison with a field that is missing, or of another kind, is
//! false, and `!=` and `not in` are true exactly where `=` and `in` are false.

use std::cmp::Ordering;
use std::fmt::Write as _;
use std::time::Duration;

use super::FieldValue;
use super::expr::{Expr, Operator};
use super::literal::{Literal, Number};
use super::times::{duration, of_tag};

/// Whether `expr` holds, where `field` gives the value of a field by its number.
pub(super) fn holds<'v>(expr: &Expr, field: &mut impl FnMut(usize) -> Option<FieldValue<'v>>) -> bool {
    match expr {
        Expr::And(parts) => parts.iter().all(|part| holds(part, field)),
        Expr::Or(parts) => parts.iter().any(|part| holds(part, field)),
        Expr::Not(inner) => !holds(inner, field),
        Expr::Compare(index, operator, literal) => {
            let value = field(*index).unwrap_or(FieldValue::Null);
            let order = |wanted: fn(Ordering) -> bool| any(&value, &|one| order(one, literal).is_some_and(wanted));
            match operator {
                Operator::Equal => any(&value, &|one| equals(one, literal)),
                Operator::NotEqual => !any(&value, &|one| equals(one, literal)),
                Operator::Less => order(Ordering::is_lt),
                Operator::LessOrEqual => order(Ordering::is_le),
                Operator::Greater => order(Ordering::is_gt),
                Operator::GreaterOrEqual => order(Ordering::is_ge),
            }
        }
        Expr::In { field: index, negated, items } => {
            let value = field(*index).unwrap_or(FieldValue::Null);
            items.iter().any(|item| any(&value, &|one| equals(one, item))) != *negated
        }
        Expr::Match(index, pattern) => {
            let value = field(*index).unwrap_or(FieldValue::Null);
            any(&value, &|one| text(one).is_some_and(|text| pattern.regex.is_match(&text)))
        }
    }
}

fn any(value: &FieldValue<'_>, holds: &dyn Fn(&FieldValue<'_>) -> bool) -> bool {
    match value {
        FieldValue::AnyOf(values) if values.is_empty() => holds(&FieldValue::Null),
        FieldValue::AnyOf(values) => values.iter().any(|one| any(one, holds)),
        one => holds(one),
    }
}

fn equals(value: &FieldValue<'_>, literal: &Literal) -> bool {
    let readings = literal.readings();
    if readings.null || matches!(value, FieldValue::Null) {
        return readings.null && matches!(value, FieldValue::Null);
    }
    match value {
        FieldValue::Bool(b) => readings.boolean == Some(*b),
        FieldValue::Int(i) => readings.number.is_some_and(|n| compare(Number::Int(*i), n) == Some(Ordering::Equal)),
        FieldValue::Float(x) => readings.number.is_some_and(|n| match n {
            Number::Float(y) if y.is_nan() => x.is_nan(),
            _ => compare(Number::Float(*x), n) == Some(Ordering::Equal),
        }),
        FieldValue::Text(text) => {
            **text == *literal.text() || length_of_time(text, literal).is_some_and(Ordering::is_eq)
        }
        FieldValue::Id(id) => begins(id, literal.text()),
        FieldValue::Time(time) => readings.time.is_some_and(|span| span.contains(*time)),
        FieldValue::Duration(_) => order(value, literal) == Some(Ordering::Equal),
        FieldValue::Null | FieldValue::AnyOf(_) => false,
    }
}

/// `ir.rank/3fa9` and `3fa9` both begin the identity `3fa9…` of a job of `ir.rank`; the task is left to `task = `.
fn begins(id: &str, text: &str) -> bool {
    let (task, digits) = text.rsplit_once('/').map_or((None, text), |(task, digits)| (Some(task), digits));
    let (own_task, own) = id.rsplit_once('/').map_or((None, id), |(task, digits)| (Some(task), digits));
    let same_task = task.is_none() || own_task.is_none() || task == own_task;
    same_task && !digits.is_empty() && own.get(..digits.len()).is_some_and(|head| head.eq_ignore_ascii_case(digits))
}

fn order(value: &FieldValue<'_>, literal: &Literal) -> Option<Ordering> {
    let readings = literal.readings();
    match value {
        FieldValue::Int(i) => compare(Number::Int(*i), readings.number?),
        FieldValue::Float(x) => compare(Number::Float(*x), readings.number?),
        FieldValue::Text(text) if length_of_time(text, literal).is_some() => length_of_time(text, literal),
        // The order of texts and the order of numbers are different things.
        FieldValue::Text(text) if literal.is_quoted() || (readings.number.is_none() && !readings.null) => {
            Some((**text).cmp(literal.text()))
        }
        FieldValue::Time(time) => Some(time.cmp(&readings.time?.begin)),
        FieldValue::Duration(duration) => order_of_time(*duration, literal),
        _ => None,
    }
}

/// How a text compares as a length of time, if both it and the word beside it are one: the tag of a `Duration` is a text.
fn length_of_time(text: &str, literal: &Literal) -> Option<Ordering> {
    match () {
        () if literal.is_quoted() => None,
        () if literal.readings().duration.is_some() => order_of_time(duration(text)?, literal),
        // A plain number counts seconds where nothing else can be meant.
        () => order_of_time(of_tag(text)?, literal),
    }
}

/// How a length of time compares with another one, or with a number of seconds.
fn order_of_time(time: Duration, literal: &Literal) -> Option<Ordering> {
    let readings = literal.readings();
    match readings.duration {
        Some(other) => Some(time.cmp(&other)),
        None => compare(Number::Float(time.as_secs_f64()), readings.number?),
    }
}

/// By what the numbers are, not by how they are kept: exact also where a float cannot tell two integers apart.
pub(in crate::state) fn compare(a: Number, b: Number) -> Option<Ordering> {
    match (a, b) {
        (Number::Int(a), Number::Int(b)) => Some(a.cmp(&b)),
        (Number::Float(a), Number::Float(b)) => a.partial_cmp(&b),
        (Number::Int(a), Number::Float(b)) => int_to_float(a, b),
        (Number::Float(a), Number::Int(b)) => int_to_float(b, a).map(Ordering::reverse),
    }
}

fn int_to_float(i: i128, x: f64) -> Option<Ordering> {
    const TOO_LARGE: f64 = 170_141_183_460_469_231_731_687_303_715_884_105_728.0;
    if x.is_nan() {
        None
    } else if x >= TOO_LARGE {
        Some(Ordering::Less)
    } else if x < -TOO_LARGE {
        Some(Ordering::Greater)
    } else {
        let whole = x.trunc();
        Some(i.cmp(&(whole as i128)).then_with(|| 0.0.partial_cmp(&(x - whole)).unwrap_or(Ordering::Equal)))
    }
}

/// The text that `~` looks at.
fn text<'v>(value: &'v FieldValue<'_>) -> Option<std::borrow::Cow<'v, str>> {
    let mut out = String::new();
    match value {
        FieldValue::Text(text) => return Some((&**text).into()),
        // The digits: the task is left to `task ~`.
        FieldValue::Id(id) => return Some(id.rsplit_once('/').map_or(&**id, |(_, digits)| digits).into()),
        FieldValue::Null | FieldValue::AnyOf(_) => return None,
        FieldValue::Bool(b) => write!(out, "{b}"),
        FieldValue::Int(i) => write!(out, "{i}"),
        FieldValue::Float(x) => write!(out, "{x:?}"),
        // Earlier times have no such form.
        FieldValue::Time(time) if *time < std::time::UNIX_EPOCH => return None,
        FieldValue::Time(time) => write!(out, "{}", humantime::format_rfc3339_millis(*time)),
        FieldValue::Duration(duration) => write!(out, "{}", humantime::format_duration(*duration)),
    }
    .ok()?;
    Some(out.into())
}
