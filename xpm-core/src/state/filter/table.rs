//! A table of filters, what each says of one job, and what is said of those that are none.

use std::borrow::Cow;
use std::time::Duration;

use super::*;
use crate::value::{TagValue, Value};

struct Job;

impl Fields for Job {
    fn field(&self, path: &str) -> Option<FieldValue<'_>> {
        let time = |text: &str| FieldValue::Time(humantime::parse_rfc3339(text).unwrap());
        Some(match path {
            "state" => "failed".into(),
            "task" => "ir.rank".into(),
            "id" => FieldValue::Id(Cow::Borrowed("ir.rank/3fa94d")),
            "run" => FieldValue::AnyOf(vec!["first".into(), "second".into()]),
            "experiment" => FieldValue::AnyOf(vec![]),
            "start" => time("2026-11-22T09:30:00Z"),
            "end" => time("2026-11-24T12:00:00Z"),
            "duration" => FieldValue::Duration(Duration::from_secs(90)),
            "attempt" => FieldValue::Int(2),
            "memory" => FieldValue::Int(4 << 30),
            "k1" | "model.k1" | "arg.model.k1" | "tag.k1" => FieldValue::Float(0.9),
            "n" => FieldValue::Int(3),
            "big" => FieldValue::Int((1 << 60) + 1),
            "loss" => FieldValue::Float(f64::NAN),
            "mode" => "inf".into(),
            "wide" => FieldValue::Int(1 << 70),
            "time_limit" => FieldValue::Duration(Duration::from_millis(90_500)),
            "fast" => FieldValue::Bool(true),
            "note" => "it's \"so\"\n".into(),
            "optimiser" => "adam".into(),
            "digits" => "10".into(),
            // The tag of a `Duration`.
            "timeout" => FieldValue::Text(TagValue::of(&Value::Duration(Duration::from_secs(90))).to_string().into()),
            "short" => {
                FieldValue::Text(TagValue::of(&Value::Duration(Duration::from_micros(1_500))).to_string().into())
            }
            "day" => "2026-11-01".into(),
            "limit" => FieldValue::Null,
            "layers[0].size" => FieldValue::Int(64),
            "odd name" => FieldValue::Int(1),
            _ => return None,
        })
    }
}

fn now() -> SystemTime {
    humantime::parse_rfc3339("2026-11-24T15:00:00Z").unwrap()
}

#[track_caller]
fn parse(text: &str) -> Filter {
    Filter::parse_at(text, now()).unwrap_or_else(|error| panic!("{error}"))
}

/// Each filter with what it says of `Job`.
const TABLE: &[(&str, bool)] = &[
    // the operators, on numbers
    ("k1 = 0.9", true),
    ("k1 = 0.90", true),
    ("k1 = 9e-1", true),
    ("k1 == 0.9", true),
    ("k1 != 0.9", false),
    ("k1 <> 1", true),
    ("k1 < 1", true),
    ("k1 < 0.9", false),
    ("k1 <= 0.9", true),
    ("k1 > 0.5", true),
    ("k1 >= 0.9", true),
    ("k1 >= 1", false),
    ("k1 in [0.6, 0.9]", true),
    ("k1 in [0.6]", false),
    ("k1 in []", false),
    ("k1 in (0.6, 0.9)", true),
    ("k1 in[0.6,0.9,]", true),
    ("k1 not in [0.6, 0.9]", false),
    ("k1 not in [1, 2]", true),
    ("k1 not in []", true),
    ("k1 ~ '^0'", true),
    ("k1>=0.9", true),
    // integers and floats are one kind, exactly
    ("n = 3", true),
    ("n = 3.0", true),
    ("n < 3.5", true),
    ("n > -inf", true),
    ("n in [1, 2, 3]", true),
    ("n = 1_000", false),
    ("big = 1152921504606846977", true),
    ("big = 1152921504606846976", false),
    ("big > 1152921504606846976.0", true),
    ("big < 1e40", true),
    ("n = +3", true),
    ("wide > 5", true),
    ("wide = 1180591620717411303424", true),
    ("wide = 1180591620717411303425", false),
    // a text is no number, and an argument may be a length of time
    ("mode = inf", true),
    ("mode = \"inf\"", true),
    ("mode > 5", false),
    ("time_limit > 90s", true),
    ("time_limit < 2m", true),
    ("time_limit = 90.5", true),
    ("n > .5", true),
    // not a number
    ("loss = nan", true),
    ("loss > 0", false),
    ("loss <= 0", false),
    ("loss != 0", true),
    // texts
    ("optimiser = adam", true),
    ("optimiser = 'adam'", true),
    ("optimiser = \"adam\"", true),
    ("optimiser = Adam", false),
    ("optimiser < beta", true),
    ("optimiser >= 'adam'", true),
    ("optimiser in [sgd, adam]", true),
    ("optimiser ~ da", true),
    ("optimiser ~ ^da", false),
    ("optimiser ~ '^a.*m$'", true),
    ("task ~ ^ir.", true),
    (r#"note = "it's \"so\"\n""#, true),
    (r"note = 'it\'s \u{22}so\u{22}\n'", true),
    // ten bytes, of which a dash takes those where a date has its own
    ("note = '1234–5678'", false),
    // kinds that do not go together are unequal and have no order
    ("k1 = '0.9'", false),
    ("k1 != '0.9'", true),
    ("k1 < adam", false),
    ("k1 > adam", false),
    ("optimiser = 1", false),
    ("optimiser < 1", false),
    ("optimiser > 1", false),
    ("fast = 1", false),
    ("fast < true", false),
    // a text equals what is spelled like it
    ("digits = 10", true),
    ("digits = 10.0", false),
    ("digits > 9", false),
    // tags that are lengths of time
    ("timeout > 9s", true),
    ("timeout > 100s", false),
    ("timeout <= 1.5m", true),
    ("timeout = 1m30s", true),
    ("timeout != 1m30s", false),
    ("timeout in [1m, 90000ms]", true),
    ("timeout = '1m30s'", false),
    ("timeout > '9s'", false),
    ("timeout > 9", true),
    ("timeout = 90.0", true),
    ("timeout in [9, 90]", true),
    ("timeout < 9", false),
    ("short = 1.5ms", true),
    ("short < 2ms", true),
    ("short > 20us", true),
    ("optimiser > 1s", true),
    ("digits > '1'", true),
    ("day = 2026-11-01", true),
    ("day < 2026-11-02", true),
    // booleans
    ("fast = true", true),
    ("fast = false", false),
    ("fast != false", true),
    ("fast in [true]", true),
    // nothing there: every comparison is false, and so `!=` and `not in` are true
    ("nowhere = 1", false),
    ("nowhere != 1", true),
    ("nowhere < 1", false),
    ("nowhere >= 1", false),
    ("not nowhere = 1", true),
    ("not nowhere < 1", true),
    ("nowhere in [1]", false),
    ("nowhere not in [1]", true),
    ("nowhere ~ .", false),
    ("nowhere = none", true),
    ("nowhere = null", true),
    ("nowhere != none", false),
    ("limit = none", true),
    ("limit = 3", false),
    ("limit in [1, none]", true),
    ("k1 = none", false),
    ("k1 != none", true),
    ("experiment = none", true),
    ("experiment != x", true),
    // several values
    ("run = first", true),
    ("run = second", true),
    ("run = third", false),
    ("run != first", false),
    ("run != third", true),
    ("run in [third, second]", true),
    ("run ~ sec", true),
    // the fields that every job has
    ("state = failed", true),
    ("state != failed", false),
    ("state in [done, failed]", true),
    ("id = 3fa9", true),
    ("id = 3FA9", true),
    ("id = ir.rank/3fa9", true),
    ("id = ir.train/3fa9", false),
    ("id = 3fa94d00", false),
    ("id in [00, 3f]", true),
    ("id ~ ^3f", true),
    ("id ~ rank", false),
    ("attempt > 1", true),
    ("memory >= 4GiB", true),
    ("memory < 4GB", false),
    ("memory = 4294967296", true),
    ("duration = 90s", true),
    ("duration = 1m30s", true),
    ("duration > 60", true),
    ("duration < 1.5m", false),
    ("duration <= 1.5m", true),
    ("duration = '90s'", true),
    // times: a day equals every moment in it, and is ordered by its first
    ("start = 2026-11-22", true),
    ("start = 2026-11-22T09:30", true),
    ("start = 2026-11-22T09:31", false),
    ("start = 2026-11-22T10:30+01:00", true),
    ("start = '2026-11-22 09:30'", true),
    ("start > 2026-11-22", true),
    ("start >= 2026-11-22", true),
    ("start < 2026-11-22", false),
    ("start < 2026-11-23", true),
    ("start > 2026-11-22T09:30", false),
    ("start > -2d", false),
    ("start > -3d", true),
    ("start < 50h ago", true),
    ("start > 3d ago and k1 = 0.9", true),
    ("end = today", true),
    ("end > 3h30m ago", true),
    ("end = yesterday", false),
    ("start != today", true),
    ("start in [2026-11-21, 2026-11-22]", true),
    // names
    ("model.k1 = 0.9", true),
    ("arg.model.k1 = 0.9", true),
    ("tag.k1 = 0.9", true),
    ("layers[0].size = 64", true),
    ("'odd name' = 1", true),
    // precedence: not, then and, then or
    ("n = 3 or n = 3 and n = 0", true),
    ("(n = 3 or n = 3) and n = 0", false),
    ("n = 0 and n = 3 or n = 3", true),
    ("n = 0 and (n = 3 or n = 3)", false),
    ("not n = 0 and n = 3", true),
    ("not (n = 0 and n = 3)", true),
    ("not n = 3 or n = 3", true),
    ("not (n = 3 or n = 3)", false),
    ("not not n = 3", true),
    ("n = 0 or not n = 0 and n = 3", true),
    ("((n = 3))", true),
    ("n = 3 AND NOT n IN [4] OR n = 9", true),
    ("  n=3   and\n\tk1 =0.9 ", true),
];

#[test]
fn every_filter_says_what_the_table_says() {
    for (text, expected) in TABLE {
        let filter = parse(text);
        assert_eq!(filter.matches(&Job), *expected, "{text}");
        let printed = filter.to_string();
        assert_eq!(parse(&printed).to_string(), printed, "{text}");
        assert_eq!(parse(&printed).matches(&Job), *expected, "{text} printed as {printed}");
    }
}

#[test]
fn printed_with_no_more_parentheses_than_needed() {
    for (text, printed) in [
        ("((a = 1) or (b = 2))", "a = 1 or b = 2"),
        ("(a = 1 and b = 2) or c == 3", "a = 1 and b = 2 or c = 3"),
        ("(a = 1 or b = 2) and NOT (c <> 3)", "(a = 1 or b = 2) and not c != 3"),
        ("not (not (a in (1,2,)))", "not not a in [1, 2]"),
        ("'a' = 'b' and 'a b' = 'not'", "a = \"b\" and \"a b\" = \"not\""),
        ("'not' = x", "\"not\" = x"),
    ] {
        assert_eq!(parse(text).to_string(), printed, "{text}");
    }
}

/// Filters that are none: the column, and what is said.
const WRONG: &[(&str, usize, &[&str])] = &[
    ("", 1, &["empty", "state = failed"]),
    ("   ", 1, &["empty"]),
    ("state", 6, &["ends where", "operator behind `state`"]),
    ("state =", 8, &["ends where a value behind `=`"]),
    ("state = failed and", 19, &["ends where a field"]),
    ("state failed", 7, &["expected = != < <= > >= ~ in, or not in behind `state`, found `failed`"]),
    ("state = = failed", 9, &["a value behind `=`, found `=`"]),
    ("state = failed k1 = 3", 16, &["`k1` is too much", "`and`, `or`"]),
    ("state = failed)", 15, &["no `(` that it closes"]),
    ("(state = failed", 1, &["this `(` is not closed"]),
    ("(state = failed k1", 17, &["expected `and`, `or` or `)`", "found `k1`"]),
    ("state = faild", 9, &["`faild` is no state", "did you mean `failed`?"]),
    ("state in [done, oops]", 17, &["`oops` is no state", "unstarted, waiting"]),
    ("state = and", 9, &["found `and`", "quote it"]),
    ("and = 3", 1, &["expected a field, found `and`"]),
    ("0.9 < k1", 1, &["field stands on the left"]),
    ("k1 in 0.9", 7, &["a list behind `in`", "[1, 2]"]),
    ("k1 in [0.9", 7, &["`[` is not closed"]),
    ("k1 in [0.9 0.6]", 12, &["expected `,` or `]`", "found `0.6`"]),
    ("k1 in [,]", 8, &["a value of the list"]),
    ("k1 = [1]", 6, &["a list stands behind `in`"]),
    ("k1 not 3", 8, &["expected `in` behind `not`"]),
    ("k1 and k2 = 3", 1, &["`k1` alone says nothing", "k1 != none"]),
    ("k1 ! 3", 4, &["write `not`, or `!=`"]),
    ("a = 1 && b = 2", 7, &["write `and`"]),
    ("a = 1 || b = 2", 7, &["write `or`"]),
    ("a = {1}", 5, &["quote"]),
    ("a = 'x", 5, &["no closing '"]),
    ("a = \"x\\", 5, &["no closing \""]),
    (r"a = 'x\d'", 7, &[r"`\d` is no escape", r"`\\d`"]),
    (r"a = '\u{110000}'", 6, &["number of a character"]),
    (r"a = '\u{zz}'", 6, &["number of a character"]),
    ("a ~ '('", 5, &["no regular expression"]),
    ("a ~", 4, &["ends where a pattern"]),
    ("a ~ (", 5, &["expected a pattern"]),
    ("start > 3h", 9, &["`start` takes a time", "`3h` is none", "3h ago"]),
    ("start > yesteday", 9, &["takes a time"]),
    ("duration > 2 h", 14, &["`h` is too much"]),
    ("duration > long", 12, &["90s"]),
    ("memory > lots", 10, &["4GiB"]),
    ("attempt = first", 11, &["a number"]),
    ("id = xyz", 6, &["hexadecimal"]),
    ("id > 61", 4, &["`id` has no order: compare it by = != ~ or in"]),
    ("k1 inn [1]", 4, &["found `inn`", "did you mean `in`"]),
    ("é = 'ß' and ö §", 15, &["`§` means nothing here"]),
    ("a = 1 \u{7}", 7, &["means nothing"]),
];

#[test]
fn what_is_no_filter_is_said_at_its_column() {
    for (text, column, said) in WRONG {
        let error = match Filter::parse_at(text, now()) {
            Ok(filter) => panic!("{text} is taken for {filter}"),
            Err(error) => error,
        };
        for part in *said {
            assert!(error.message().contains(part), "{text}: `{part}` is not in {}", error.message());
        }
        assert_eq!(error.column(), *column, "{text}: {}", error.message());
    }
}

#[test]
fn the_caret_stands_below_the_place() {
    let error = Filter::parse_at("é = 1 and state = faild or x = 2", now()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "filter, column 19: `faild` is no state: did you mean `failed`?\n  \
           é = 1 and state = faild or x = 2\n  \
         \u{20}                 ^^^^^"
    );
    // Some signs take two columns, some none.
    let error = Filter::parse_at("note = '日本e\u{301}' and state = 検索", now()).unwrap_err();
    assert!(error.to_string().ends_with(&format!("\n{}^^^^", " ".repeat(29))), "{error}");
    let long = format!("{}state = faild", "x = 1 and ".repeat(50));
    let shown = Filter::parse_at(&long, now()).unwrap_err().to_string();
    let lines: Vec<_> = shown.lines().collect();
    assert!(lines[0].contains("column 509") && lines[1].chars().count() < 110, "{shown}");
    let caret = lines[2].chars().position(|c| c == '^').unwrap();
    assert!(lines[1].chars().skip(caret).collect::<String>().starts_with("faild"), "{shown}");
}

#[test]
fn a_field_that_nothing_has_is_an_error_with_near_names() {
    let filter = parse("state = failed and kk1 = 3");
    let matcher = filter.matcher();
    assert!(!matcher.matches(&Job));
    assert_eq!(matcher.never_seen(), ["kk1"]);
    let error = matcher.check([Job].iter(), || ["k1", "model.k1", "n"].map(String::from).to_vec()).unwrap_err();
    assert_eq!(error.column(), 20);
    assert!(error.message().contains("no job here has a field `kk1`: did you mean `k1` or `model.k1`?"), "{error}");

    // Not asked for, but there.
    let filter = parse("state = done and k1 = 3");
    let matcher = filter.matcher();
    assert!(!matcher.matches(&Job));
    assert_eq!(matcher.never_seen(), ["k1"]);
    matcher.check([Job].iter(), Vec::new).unwrap();
    // A job that has not started has no `host`; that does not make it unknown.
    let filter = parse("host = x");
    let matcher = filter.matcher();
    assert!(!matcher.matches(&Job));
    matcher.check([Job].iter(), Vec::new).unwrap();
    assert_eq!(filter.fields().collect::<Vec<_>>(), ["host"]);
}

#[test]
fn hostile_filters_are_refused_or_read_quickly() {
    for text in ["(".repeat(100_000), "not ".repeat(100_000), "(not ".repeat(100_000)] {
        assert!(Filter::parse_at(&text, now()).unwrap_err().message().contains("nested more than 100 deep"));
    }
    let nested = format!("{}n = 3{}", "(".repeat(100), ")".repeat(100));
    assert!(parse(&nested).matches(&Job));
    let long = vec!["n = 3"; 100_000].join(" and ");
    assert!(parse(&long).matches(&Job));
    let list = format!("n in [{}]", "1,".repeat(100_000));
    assert!(!parse(&list).matches(&Job));
    assert!(Filter::parse_at("a ~ '((((a{1000}){1000}){1000}){1000})'", now()).is_err());
    assert!(Filter::parse_at(&"\"".repeat(100_001), now()).is_err());
    // A pattern that makes others back-track for ever.
    let text = "a".repeat(5_000);
    struct Long(String);
    impl Fields for Long {
        fn field(&self, _: &str) -> Option<FieldValue<'_>> {
            Some(self.0.as_str().into())
        }
    }
    assert!(!parse("x ~ '^(a+)+$'").matches(&Long(text + "b")));
}

#[test]
fn the_examples_of_the_documentation_are_filters() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/filter.md")).unwrap();
    let block = page.split("```").nth(1).unwrap();
    let examples: Vec<_> = block.trim().lines().map(|line| line.split("   ").next().unwrap()).collect();
    assert_eq!(examples.len(), 8);
    for example in examples {
        parse(example);
    }
    let shown = page.split("## Errors\n\n```\n").nth(1).unwrap().split("\n```").next().unwrap();
    assert_eq!(Filter::parse_at("k1 = 0.9 and state = faild", now()).unwrap_err().to_string(), shown);
}
