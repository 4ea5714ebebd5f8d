//! Size: what is shared costs once, what is long or deep still has an identity, what is too deep is refused.

use std::sync::Arc;

use xpm::Identity;
use xpm::prelude::*;

use crate::compare::{different, same};

#[config(id = "scale.diamond")]
#[derive(Clone, Debug)]
struct Diamond {
    n: u32,
    left: Option<Arc<Diamond>>,
    right: Option<Arc<Diamond>>,
}

/// A chain of `length` diamonds, each twice in the next: 2^length paths. `shared` says how the next holds the last.
fn diamonds(length: u32, bottom: u32) -> DiamondConfig {
    let mut last = Diamond::config().n(bottom).build();
    for n in 1..=length {
        last = Diamond::config().n(n).left(&last).right(&last).build();
    }
    last
}

/// If it were computed for each path, no machine would ever finish 2^64 of them: that this ends is the test.
#[test]
fn a_chain_of_64_diamonds() {
    let chain = diamonds(64, 0);
    different([
        ("bottom 0", chain.identity()),
        ("bottom 1", diamonds(64, 1).identity()),
        ("63", diamonds(63, 0).identity()),
    ]);
    same([("once", chain.identity()), ("again", chain.identity()), ("built again", diamonds(64, 0).identity())]);
    // Each is explained once: three arguments each, but the two of the bottom that are not set are told too.
    assert_eq!(chain.explain().arguments.len(), 65 * 3);
    assert!(chain.clone().tag("a", 1).tags().contains_key("a"));
    let asked_from_below = diamonds(64, 0);
    assert_eq!(
        Diamond::config().n(65).left(&asked_from_below).identity(),
        Diamond::config().n(65).left(&chain).identity()
    );
}

#[test]
fn the_whole_equals_what_its_parts_say() {
    let part = diamonds(10, 0);
    let value = Diamond { n: 11, left: Some(Arc::new(value(10))), right: Some(Arc::new(value(10))) };
    same([("shared", diamonds(11, 0).identity()), ("unfolded", unwrap(&value))]);
    assert_eq!(part.identity(), unwrap(&self::value(10)));
}

fn value(n: u32) -> Diamond {
    let below = (n > 0).then(|| Arc::new(value(n - 1)));
    Diamond { n, left: below.clone(), right: below }
}

/// The identity of a plain value.
fn unwrap(value: &Diamond) -> Identity {
    let below = |it: &Option<Arc<Diamond>>| it.as_deref().cloned();
    let mut args = Diamond::config().n(value.n).build();
    args.set_maybe_left(below(&value.left).map(Arc::new)).set_maybe_right(below(&value.right).map(Arc::new));
    args.identity()
}

#[test]
fn ten_thousand_items() {
    let list: Vec<u32> = (0..10_000).collect();
    let mut swapped = list.clone();
    swapped.swap(4_999, 5_000);
    different([
        ("list", one!(Vec<u32>, &list)),
        ("two swapped", one!(Vec<u32>, swapped)),
        ("one less", one!(Vec<u32>, &list[1..])),
        ("set", one!(std::collections::BTreeSet<u32>, &list)),
    ]);
    let configs: Vec<_> = (0..10_000).map(|n| Diamond::config().n(n).build()).collect();
    let reversed: Vec<_> = configs.iter().rev().cloned().collect();
    different([("configurations", one!(Vec<Diamond>, configs)), ("reversed", one!(Vec<Diamond>, reversed))]);
}

#[test]
fn a_megabyte_of_text() {
    let text = "é".repeat(500_000);
    different([("text", one!(String, &text)), ("a letter more", one!(String, text.clone() + "é"))]);
}

#[test]
fn no_arguments() {
    #[config(id = "scale.nothing")]
    struct Unit;
    #[config(id = "scale.nothing")]
    struct Braces {}
    same([("unit", Unit::config().identity()), ("braces", Braces::config().identity())]);
    assert!(Unit::config().explain().arguments.is_empty());
}

#[config(id = "scale.chain")]
struct Chain {
    n: u32,
    next: Option<Box<Chain>>,
}

/// Runs on a stack as large as that of a program's main thread, where plans run; tests have a quarter of it.
fn as_on_main(test: fn()) {
    let thread = std::thread::Builder::new().stack_size(8 << 20).spawn(test).expect("a thread starts");
    if let Err(panic) = thread.join() {
        std::panic::resume_unwind(panic);
    }
}

/// This many configurations, each in the next.
fn chain(length: u32) -> ChainConfig {
    let mut last = Chain::config().n(0).build();
    for n in 1..length {
        last = Chain::config().n(n).next(&last).build();
    }
    last
}

fn deep(length: u32) {
    let deep = chain(length);
    same([("once", deep.identity()), ("again", chain(length).identity())]);
    different([("this deep", deep.identity()), ("one less", chain(length - 1).identity())]);
    assert_eq!(deep.explain().arguments.len(), 2 * length as usize);
}

#[test]
fn two_hundred_deep() {
    deep(200);
}

#[test]
fn a_thousand_deep() {
    as_on_main(|| deep(1_000));
}

#[test]
fn deeper_is_refused() {
    as_on_main(|| {
        let message = "argument `next`: configurations are nested more than 1000 deep";
        let lengths = [999, 1_000, 1_001, 1_002, 1_003];
        let results = lengths.map(|length| chain(length).try_identity().map_err(|error| error.to_string()).err());
        let refused = Some(message.to_owned());
        // `next` of the configuration at the depth that is too much; a configuration further out names the way to it.
        let further_out = Some(message.replace("`next`", "`next.next`"));
        assert_eq!(results, [None, None, None, refused, further_out]);
        // Building it costs no stack, however deep; only the path in the message is long.
        let error = chain(5_000).try_identity().expect_err("it is too deep");
        assert_eq!(error.why, "configurations are nested more than 1000 deep");
    });
}

#[test]
fn variants_are_as_deep_as_configurations() {
    #[config(id = "scale.list")]
    enum List {
        End,
        Cons(u32, Box<List>),
    }
    as_on_main(|| {
        let list = |length: u32| {
            let mut last = List::config().end();
            for n in 1..length {
                last = List::config().cons()._0(n)._1(&last).build();
            }
            last
        };
        different([("200", one!(List, list(200))), ("201", one!(List, list(201))), ("800", one!(List, list(800)))]);
        let error = List::config().cons()._0(0)._1(list(1_500)).build().try_identity().expect_err("it is too deep");
        assert_eq!(error.why, "configurations are nested more than 1000 deep");
    });
}
