//! What goes into a setter without `.into()`: tags, references, builders, and containers of these.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use xpm::prelude::*;

use crate::reading::read_back;

#[config]
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    pub n: u32,
}

#[config]
pub struct Whole {
    pub part: Part,
    pub parts: Vec<Part>,
    pub two: [Part; 2],
    pub boxed: Box<Part>,
    pub shared: Arc<Part>,
    pub by_name: BTreeMap<String, Part>,
    pub rates: Vec<f64>,
    pub names: HashSet<String>,
    pub pairs: HashMap<String, Vec<u8>>,
    pub path: std::path::PathBuf,
    pub maybe: Option<Part>,
}

fn whole() -> WholeBuilder<
    xpm::__private::Set,
    xpm::__private::Set,
    xpm::__private::Set,
    xpm::__private::Set,
    xpm::__private::Set,
    xpm::__private::Set,
    xpm::__private::Set,
    xpm::__private::Set,
    xpm::__private::Set,
    xpm::__private::Set,
> {
    let part = Part::config().n(1).build();
    Whole::config()
        .part(&part)
        .parts([&part, &part])
        .two([Part::config().n(1), Part::config().n(1)])
        .boxed(part.clone())
        .shared(&part)
        .by_name([("a", &part)])
        .rates(vec![0.1, 0.2])
        .names(["x", "y"])
        .pairs([("p", vec![1, 2])])
        .path(Path::new("/x"))
}

#[test]
fn a_configuration_goes_in_whatever_stands_for_it() {
    let built = Part::config().n(2).build();
    let arc = Arc::new(built.clone());
    let set = |args: WholeConfig| read_back::<Whole>(&args).part.n;
    assert_eq!(set(whole().part(Part { n: 2 }).build()), 2);
    assert_eq!(set(whole().part(&Part { n: 2 }).build()), 2);
    assert_eq!(set(whole().part(Part::config().n(2)).build()), 2);
    assert_eq!(set(whole().part(Part::config().n(tag(2))).build()), 2);
    assert_eq!(set(whole().part(&built).build()), 2);
    assert_eq!(set(whole().part(arc.clone()).build()), 2);
    assert_eq!(set(whole().part(&arc).build()), 2);
    assert_eq!(set(whole().part(tag(&built)).build()), 2);
    assert_eq!(set(whole().part(stop_tags(built)).build()), 2);
}

#[test]
fn optional_configurations_too() {
    let built = Part::config().n(2).build();
    let set = |args: WholeConfig| read_back::<Whole>(&args).maybe.map(|part| part.n);
    assert_eq!(set(whole().maybe(Part { n: 2 }).build()), Some(2));
    assert_eq!(set(whole().maybe(&built).build()), Some(2));
    assert_eq!(set(whole().maybe(Part::config().n(2)).build()), Some(2));
    assert_eq!(set(whole().maybe_maybe(Some(&built)).build()), Some(2));
    assert_eq!(set(whole().maybe_maybe(Some(Part { n: 2 })).build()), Some(2));
    assert_eq!(set(whole().build()), None);
}

#[test]
fn containers_convert_item_by_item() {
    let built = Part::config().n(2).build();
    let sum = |args: WholeConfig| read_back::<Whole>(&args).parts.iter().map(|part| part.n).sum::<u32>();
    assert_eq!(sum(whole().parts(vec![Part { n: 2 }, Part { n: 3 }]).build()), 5);
    assert_eq!(sum(whole().parts(vec![&built, &built]).build()), 4);
    assert_eq!(sum(whole().parts(&vec![built.clone()]).build()), 2);
    assert_eq!(sum(whole().parts([Part::config().n(1), Part::config().n(4)]).build()), 5);
    assert_eq!(sum(whole().parts([tag(&built)]).build()), 2);
    let rates = read_back::<Whole>(&whole().rates([tag(0.5), tag(1.5)]).build()).rates;
    assert_eq!(rates, [0.5, 1.5]);
    let by_name = BTreeMap::from([("a".to_owned(), &built)]);
    assert_eq!(read_back::<Whole>(&whole().by_name(by_name).build()).by_name["a"].n, 2);
}

/// Two closed families and a configuration with a name in common, in one module.
mod names_in_common {
    use xpm::prelude::*;

    #[config]
    pub enum Loss {
        Huber { delta: f64 },
    }

    #[config]
    pub enum Penalty {
        Huber { delta: f64 },
    }

    #[config]
    pub struct Huber {
        pub delta: f64,
    }

    #[test]
    fn they_live_together() {
        let of = |id: xpm::Identity| id.to_string();
        let loss = of(Loss::config().huber().delta(1.0).identity());
        assert_ne!(loss, of(Penalty::config().huber().delta(1.0).identity()));
        assert_ne!(loss, of(Huber::config().delta(1.0).identity()));
    }
}

/// Tags around what is given for a pointer.
mod tagged_pointers {
    use std::sync::Arc;

    use xpm::prelude::*;

    #[config]
    pub struct Inner {
        pub x: u8,
    }

    #[config]
    pub struct Outer {
        pub rate: Box<f64>,
        pub inner: Arc<Inner>,
        pub list: Arc<Vec<u8>>,
    }

    #[test]
    fn they_are_tagged() {
        let inner = Inner::config().x(1).build();
        let outer = Outer::config().rate(tag(0.5)).inner(tag(&inner)).list(vec![1, 2]).build();
        assert_eq!(tagspath(&outer), "inner=Inner_rate=0.5");
    }
}
