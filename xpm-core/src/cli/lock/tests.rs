//! What is said of two lock files.

use super::{Lock, compare};

fn lock(text: &str) -> Lock {
    Lock::read(&format!("format = 1\n{text}")).unwrap()
}

/// A line for each change: whether it moves identities, where and what, and then what more is said.
fn compared(old: &Lock, new: &Lock) -> Vec<String> {
    let changes = compare(old, new).into_iter().map(|change| match change.moves {
        Some(_) => format!("error: {}: {}{} → {}", change.at, change.what, change.note, change.fix),
        None => format!("harmless: {}: {}", change.at, change.what),
    });
    changes.collect()
}

/// A type `q.t` with this argument, beside others.
fn holder(arg: &str, others: &str) -> Lock {
    lock(&format!("[types.'q.t']\nkind = 'task'\n[types.'q.t'.args]\na = {{ {arg} }}\n{others}"))
}

#[track_caller]
fn told(old: &str, new: &str, expected: &[&str]) {
    assert_eq!(compared(&holder(old, ""), &holder(new, "")), expected, "{old} → {new}");
}

const SAME: &str = "harmless: q.t.a: the default has changed, and is the same in the identity";

#[test]
fn defaults_are_compared_as_the_identity_sees_them() {
    told("type = 'float (f64)', default = '0.0'", "type = 'float (f64)', default = '-0.0'", &[SAME]);
    let tuple = |x: &str| {
        format!(
            "type = 'tuple (optional float (f64), map from string to float (f64))', default = '[{x}, {{\"a\": {x}}}]'"
        )
    };
    told(&tuple("0.0"), &tuple("-0.0"), &[SAME]);
    let most = |x: &str| format!("type = 'integer (u64)', default = '{x}'");
    told(&most("\"18446744073709551615\""), &most("18446744073709551615"), &[SAME]);
    let set = |x: &str| format!("type = 'set of float (f64)', default = '{x}'");
    told(&set("[-0.0, 1.0]"), &set("[1.0, 0.0]"), &[SAME]);
    let list = |x: &str| format!("type = 'list of float (f64)', default = '{x}'");
    let what = "error: q.t.a: the default was [0.0,1.0], and is [1.0,0.0] now for plans that leave it at its default: they would run again \
                → keep the default that it had ([0.0,1.0]) and set the new value in plans";
    told(&list("[0.0,1.0]"), &list("[1.0,0.0]"), &[what]);
}

#[test]
fn a_configuration_in_a_default_is_what_it_is_in_the_identity() {
    let default = |ty: &str, json: &str| format!("type = '{ty}', default = '{json}'");
    let tuned = |args: &str| format!("[types.'q.tuned']\nkind = 'config'\n[types.'q.tuned'.args]\n{args}");
    let old = holder(&default("q.tuned", r#"{"k":2,"type":"q.tuned"}"#), &tuned("k = { type = 'integer (u8)' }"));
    // An argument more that is left out at its default, and not at another value.
    let extra =
        "k = { type = 'integer (u8)' }\nextra = { type = 'integer (u8)', default = '7', ignore_default = true }";
    let new = |extra_is: &str| {
        let json = format!(r#"{{"extra":{extra_is},"k":2,"type":"q.tuned"}}"#);
        compared(&old, &holder(&default("q.tuned", &json), &tuned(extra)))
    };
    let added = "harmless: q.tuned.extra: a new argument, not in the identity at its default";
    assert_eq!(new("7"), [SAME, added]);
    assert!(new("8")[0].starts_with("error: q.t.a: the default was {\"k\":2,"), "{:?}", new("8"));
    // Another name that is not in the identity, and one that is declared.
    let named =
        holder(&default("q.tuned", r#"{"kk":2,"type":"q.tuned"}"#), &tuned("kk = { type = 'integer (u8)', id = 'k' }"));
    assert_eq!(compared(&old, &named), [SAME, "harmless: q.tuned.k: it is called `kk` now, and `k` in the identity"]);
    let mut renamed =
        holder(&default("q.tuned", r#"{"kk":2,"type":"q.tuned"}"#), &tuned("kk = { type = 'integer (u8)' }"));
    let kk = renamed.types.get_mut("q.tuned").and_then(|ty| ty.args.get_mut("kk")).unwrap();
    kk.renamed_from.push("k".to_owned());
    let said = compared(&old, &renamed);
    assert!(
        said[0] == SAME && said[1].contains("it is called `kk` now, as `renamed_from` says; `migrate`"),
        "{said:?}"
    );
}

#[test]
fn a_variant_in_a_default_is_what_it_is_in_the_identity() {
    let kinds = |args: &str| {
        format!(
            "[types.'q.kind']\nkind = 'family'\n[types.'q.kind'.variants.HttpGet]\n{args}[types.'q.kind'.variants.C]\n"
        )
    };
    let default = |json: &str| format!("type = 'list of q.kind', default = '[{json}]'");
    let old = holder(&default(r#"{"type":"http-get"}"#), &kinds(""));
    let ignored = kinds("threads = { type = 'integer (u8)', default = '1', left_out = true }\n");
    let new = holder(&default(r#"{"threads":1,"type":"http-get"}"#), &ignored);
    assert_eq!(compared(&old, &new), ["harmless: q.kind::HttpGet.threads: a new argument, not in the identity", SAME]);
    // With an argument `type`, the name stands around it.
    let typed = kinds("type = { type = 'string' }\n");
    let of = |json: &str| holder(&default(json), &typed);
    let said = compared(&of(r#"{"http-get":{"type":"z"}}"#), &of(r#"{"HttpGet":{"type":"z"}}"#));
    assert_eq!(said, [SAME]);
    let said = compared(&of(r#"{"http-get":{"type":"z"}}"#), &of(r#"{"type":"c"}"#));
    assert!(said.len() == 1 && said[0].starts_with("error: q.t.a: the default was [{\"http-get\""), "{said:?}");
    // What was edited by hand into no value of the type is compared as it stands.
    for json in [r#"{"type":"d"}"#, r#"{"type":"c","x":1}"#, r#"{"x":1,"y":2}"#] {
        assert!(compared(&of(json), &of(r#"{"type":"c"}"#))[0].starts_with("error: q.t.a: the default was"), "{json}");
    }
}

#[test]
fn the_trait_of_an_open_family_is_in_no_identity() {
    let types = "[types.'q.bm25']\nkind = 'config'\n[types.'q.lm']\nkind = 'config'\n";
    let default = r#"default = '{"type":"q.bm25"}'"#;
    let old = holder(&format!("type = 'list of any Scorer', {default}"), types);
    let mut new = holder(&format!("type = 'list of any Ranker', {default}"), types);
    new.members.insert("Ranker", ["q.bm25"].into());
    let what = "the type was list of any Scorer, and is list of any Ranker now";
    let harmless = format!("harmless: q.t.a: {what}: the same in the identity");
    assert_eq!(compared(&old, &new), [&*harmless]);
    // There is another trait with members that are none of this one.
    new.members.insert("Scorer", ["q.bm25", "q.lm"].into());
    let keep = "keep the type (list of any Scorer); for another meaning, add an argument with a new name";
    assert_eq!(compared(&old, &new), [format!("error: q.t.a: {what} → {keep}")]);
    new.members.insert("Ranker", ["q.bm25", "q.lm"].into());
    assert_eq!(compared(&old, &new), [&*harmless]);
}

#[test]
fn a_serde_type_that_was_not_moved_may_look_otherwise() {
    told(
        "type = 'optional JSON (u32)'",
        "type = 'optional JSON (alloc::string::String)'",
        &[
            "error: q.t.a: the type was optional JSON (u32), and is optional JSON (alloc::string::String) now: the identity holds \
           what values look like as JSON, where the value looks otherwise as JSON now → keep the type (optional JSON (u32))",
        ],
    );
    told(
        "type = 'JSON (a::b::M<c::N>)'",
        "type = 'JSON (a::M<N>)'",
        &["harmless: q.t.a: the type was JSON (a::b::M<c::N>), and is JSON (a::M<N>) now: the same in the identity"],
    );
}

#[test]
fn what_the_types_declare_is_told_as_such() {
    let migrate = "; `migrate` of this program makes them found again";
    told(
        "type = 'string'",
        "type = 'string', left_out = true",
        &[&format!("error: q.t.a: it is not in the identity any more{migrate} → take `ignored` away")],
    );
    told(
        "type = 'string', left_out = true",
        "type = 'string'",
        &[&format!("error: q.t.a: it was not in the identity, and is now{migrate} → write `#[param(ignored)]`")],
    );
    told(
        "type = 'integer (u8)', default = '1'",
        "type = 'integer (u8)', default = '1', ignore_default = true",
        &[&format!(
            "error: q.t.a: `ignore_default` is new: at its default it is not in the identity any more{migrate} → take \
             `ignore_default` away"
        )],
    );
    told(
        "type = 'integer (u8)', default = '1', ignore_default = true",
        "type = 'integer (u8)', default = '1'",
        &[&format!(
            "error: q.t.a: `ignore_default` is gone: it is in the identity at its default too{migrate} → write \
             `ignore_default` again"
        )],
    );
    // Another type is another matter.
    let keep = "→ keep the type (string)";
    told(
        "type = 'string'",
        "type = 'path', left_out = true",
        &[&format!("error: q.t.a: the type was string, and is path now: a path is not in the identity {keep}")],
    );
    told(
        "type = 'list of path', left_out = true",
        "type = 'string'",
        &[
            "error: q.t.a: the type was list of path, and is string now: a path was not in the identity → keep the type (list of path)",
        ],
    );
}

#[test]
fn a_deprecated_type_is_told_with_what_takes_its_place() {
    let types = |a: &str, b: &str| {
        format!(
            "[types.'q.a']\nkind = 'config'\n{a}[types.'q.b']\nkind = 'config'\n{b}[types.'q.c']\nkind = 'config'\n"
        )
    };
    let old = holder("type = 'list of q.a'", &types("", ""));
    let new = holder("type = 'list of q.c'", &types("deprecated = 'q.b'\n", "deprecated = 'q.c'\n"));
    let migrate = "; `migrate` of this program makes them found again";
    assert_eq!(
        compared(&old, &new),
        [
            format!(
                "error: q.a: `q.b` has taken its place, as `deprecated` says in plans that use what has taken its place{migrate} → keep `q.a` in plans: they find its jobs as before"
            ),
            format!(
                "error: q.b: `q.c` has taken its place, as `deprecated` says in plans that use what has taken its place{migrate} → keep `q.b` in plans: they find its jobs as before"
            ),
            format!(
                "error: q.t.a: the type was list of q.a, and is list of q.c now, as `deprecated` says{migrate} → keep the type (list of q.a)"
            ),
        ]
    );
    let circle = holder("type = 'list of q.a'", &types("deprecated = 'q.c'\n", ""));
    assert_eq!(
        compared(&new, &circle),
        [
            "harmless: q.a: `q.c` has taken its place, and not `q.b`",
            "harmless: q.b: it is not `deprecated` any more",
            "error: q.t.a: the type was list of q.c, and is list of q.a now → keep the type (list of q.c); for another meaning, add an argument with a new name",
        ]
    );
}

#[test]
fn an_option_that_loses_its_default_is_taken_for_another() {
    told(
        "type = 'optional integer (u8)', default = '2', ignore_default = true",
        "type = 'optional integer (u8)'",
        &[
            "error: q.t.a: its default 2 was not in the identity, and `None` is not now; worse, results of the default would be taken \
             for those without a value → keep `default = Some(2)` with `ignore_default`, or raise the type's `version`",
            "error: q.t.a: `None` was in the identity, and is not now → keep `default = Some(2)` with `ignore_default`",
        ],
    );
}

#[test]
fn what_is_proposed_is_rust() {
    let new = holder("type = 'character', default = '\"c\"'", "");
    let old = lock("[types.'q.t']\nkind = 'task'\n");
    let what = "error: q.t.a: a new argument, in the identity also at its default → write `#[param(default = 'c', ignore_default)]`";
    assert_eq!(compared(&old, &new), [what]);
    let text = |x: &str, more: &str| format!("type = 'string', default = '\"{x}\"'{more}");
    told(
        &text("a", ""),
        &text("b", ""),
        &[
            "error: q.t.a: the default was \"a\", and is \"b\" now for plans that leave it at its default: they would run again → keep `default = \
           \"a\"` and set the new value in plans",
        ],
    );
}
