//! What holds of every filter.

use proptest::prelude::*;

use super::expr::{Expr, Operator, Pattern};
use super::lexer::is_reserved;
use super::literal::Literal;
use super::*;

fn now() -> SystemTime {
    humantime::parse_rfc3339("2026-11-24T15:00:00Z").unwrap()
}

/// A tree with the names of its fields, from which a filter is made that numbers them in the order of the text.
#[derive(Clone, Debug)]
enum Tree {
    And(Vec<Tree>),
    Or(Vec<Tree>),
    Not(Box<Tree>),
    Compare(String, Operator, Literal),
    In(String, bool, Vec<Literal>),
    Match(String, Literal),
}

fn filter(tree: Tree) -> Filter {
    let mut fields: Vec<FieldName> = Vec::new();
    let expr = expr(tree, &mut fields);
    Filter { source: String::new(), expr, fields }
}

fn expr(tree: Tree, fields: &mut Vec<FieldName>) -> Expr {
    let mut number = |path: String| match fields.iter().position(|field| field.path == path) {
        Some(known) => known,
        None => {
            fields.push(FieldName { path, span: 0..0 });
            fields.len() - 1
        }
    };
    match tree {
        Tree::Compare(path, operator, literal) => Expr::Compare(number(path), operator, literal),
        Tree::In(path, negated, items) => Expr::In { field: number(path), negated, items },
        Tree::Match(path, source) => {
            let regex = regex_lite::Regex::new(source.text()).unwrap();
            Expr::Match(number(path), Pattern { source, regex })
        }
        Tree::And(parts) => Expr::And(parts.into_iter().map(|part| expr(part, fields)).collect()),
        Tree::Or(parts) => Expr::Or(parts.into_iter().map(|part| expr(part, fields)).collect()),
        Tree::Not(inner) => Expr::Not(Box::new(expr(*inner, fields))),
    }
}

fn literals() -> impl Strategy<Value = Literal> {
    let words = prop_oneof![
        "[a-zé_][a-z0-9_./:-]{0,6}",
        "-?[0-9]{1,4}(\\.[0-9]{1,3})?(e-?[0-9])?",
        Just("3h ago".to_owned()),
        Just("2026-11-01T10:00".to_owned()),
        Just("none".to_owned()),
        Just("true".to_owned()),
        Just("4GiB".to_owned()),
    ];
    prop_oneof![
        words.prop_filter("keywords", |word| !is_reserved(word)).prop_map(|word| Literal::word(&word, now())),
        any::<String>().prop_map(|text| Literal::quoted(text, now())),
    ]
}

fn trees() -> impl Strategy<Value = Tree> {
    let names = prop_oneof!["[a-z]{1,3}(\\.[a-z]{1,3}){0,2}(\\[[0-9]\\])?", "[ -~é]{0,6}"];
    // What xpm knows the kind of takes other values.
    let names = names.prop_filter("known fields", |name| KNOWN_FIELDS.iter().all(|(known, _)| known != name)).boxed();
    let operators = prop_oneof![
        Just(Operator::Equal),
        Just(Operator::NotEqual),
        Just(Operator::Less),
        Just(Operator::LessOrEqual),
        Just(Operator::Greater),
        Just(Operator::GreaterOrEqual)
    ];
    let patterns = "[a-z0-9 é\"]{0,5}\\.\\*".prop_map(|text| Literal::quoted(text, now()));
    let leaves = prop_oneof![
        (names.clone(), operators, literals())
            .prop_map(|(path, operator, literal)| Tree::Compare(path, operator, literal)),
        (names.clone(), any::<bool>(), proptest::collection::vec(literals(), 0..4))
            .prop_map(|(path, negated, items)| Tree::In(path, negated, items)),
        (names, patterns).prop_map(|(path, source)| Tree::Match(path, source)),
    ];
    leaves.prop_recursive(5, 40, 4, |inner| {
        let several = proptest::collection::vec(inner.clone(), 2..4);
        prop_oneof![
            several.clone().prop_map(Tree::And),
            several.prop_map(Tree::Or),
            inner.prop_map(|tree| Tree::Not(Box::new(tree))),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_printed_parses_to_the_same(tree in trees()) {
        let filter = filter(tree);
        let printed = filter.to_string();
        let read = Filter::parse_at(&printed, now()).map_err(|error| TestCaseError::fail(format!("{printed}\n{error}")))?;
        prop_assert_eq!(&read.expr, &filter.expr, "{}", printed);
        prop_assert_eq!(read.fields().collect::<Vec<_>>(), filter.fields().collect::<Vec<_>>());
        prop_assert_eq!(read.to_string(), printed);
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in any::<String>()) {
        if let Err(error) = Filter::parse_at(&text, now()) {
            prop_assert!(error.column() <= text.chars().count() + 1);
            let _ = error.to_string();
        }
    }

    #[test]
    fn nor_does_one_made_of_its_own_words(words in proptest::collection::vec(
        prop_oneof!["and|or|not|in|ago|none", "[()\\[\\],=!<>~'\"\\\\ ]", "k1|state|start|-2d|0.9|é|2026-11-01"], 0..20)
    ) {
        for text in [words.concat(), words.join(" ")] {
            match Filter::parse_at(&text, now()) {
                Ok(filter) => {
                    let printed = filter.to_string();
                    let read = Filter::parse_at(&printed, now()).map_err(|error| TestCaseError::fail(format!("{text}\n{error}")))?;
                    prop_assert_eq!(&read.expr, &filter.expr);
                }
                Err(error) => { let _ = error.to_string(); }
            }
        }
    }
}
