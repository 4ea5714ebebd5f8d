//! Vectors of what a declaration says: versions, older names, defaults, and what is left out.

use std::collections::BTreeSet;
use std::path::PathBuf;

use xpm::Identity;
use xpm::prelude::*;

#[config(id = "golden.leaf")]
struct Leaf {
    n: u32,
}

pub(super) fn vectors() -> Vec<(&'static str, Identity)> {
    [versions_and_names(), defaults(), left_out(), vec![("forty arguments", forty())]].concat()
}

fn versions_and_names() -> Vec<(&'static str, Identity)> {
    #[config(id = "golden.leaf", version = 1)]
    struct First {
        n: u32,
    }
    #[config(id = "golden.leaf", version = 2)]
    struct Second {
        n: u32,
    }
    #[config(id = "golden.leaf", version = 18_446_744_073_709_551_615)]
    struct Last {
        n: u32,
    }
    #[config(id = "golden.leaf")]
    struct Renamed {
        #[param(id = "n")]
        count: u32,
    }
    #[config(id = "golden.order")]
    struct Order {
        #[param(id = "é")]
        first: u8,
        #[param(id = "B")]
        second: u8,
        #[param(id = "_")]
        third: u8,
        a: u8,
        aa: u8,
        #[param(id = "a b")]
        fourth: u8,
        r#type: u8,
    }
    let order = Order { first: 1, second: 2, third: 3, a: 4, aa: 5, fourth: 6, r#type: 7 };
    let order = Order::config().first(order.first).second(order.second).third(order.third).a(order.a);
    vec![
        ("version 1", First::config().n(5).identity()),
        ("version 2", Second::config().n(5).identity()),
        ("version max", Last::config().n(5).identity()),
        ("nested with a version", one!(Second, Second { n: 5 })),
        ("renamed argument", Renamed::config().count(5).identity()),
        ("order of identity names", order.aa(5).fourth(6).r#type(7).identity()),
    ]
}

fn defaults() -> Vec<(&'static str, Identity)> {
    #[config(id = "golden.later")]
    struct Ignoring {
        n: u8,
        #[param(default = 3, ignore_default)]
        later: u8,
    }
    #[config(id = "golden.later")]
    struct Plain {
        n: u8,
        #[param(default = 3)]
        later: u8,
    }
    #[config(id = "golden.later")]
    struct Nested {
        n: u8,
        #[param(default = Leaf { n: 5 }, ignore_default)]
        leaf: Leaf,
    }
    #[config(id = "golden.later")]
    struct Optional {
        n: u8,
        #[param(default = Some(3), ignore_default)]
        later: Option<u8>,
    }
    #[config(id = "golden.later")]
    struct Float {
        n: u8,
        #[param(default = 0.0, ignore_default)]
        later: f64,
    }
    vec![
        ("ignore_default at its default", Ignoring::config().n(1).identity()),
        ("ignore_default at another value", Ignoring::config().n(1).later(4).identity()),
        ("plain default", Plain::config().n(1).identity()),
        ("ignore_default of a nested configuration", Nested::config().n(1).leaf(Leaf::config().n(5)).identity()),
        ("ignore_default of an option, none", Optional::config().n(1).maybe_later(None).identity()),
        ("ignore_default of a float, minus zero", Float::config().n(1).later(-0.0).identity()),
    ]
}

fn left_out() -> Vec<(&'static str, Identity)> {
    #[config(id = "golden.paths")]
    struct Paths {
        n: u8,
        #[param(ignored, default = 4)]
        threads: u8,
        data: PathBuf,
        cache: Option<PathBuf>,
        more: Vec<PathBuf>,
        set: BTreeSet<PathBuf>,
        boxed: Box<PathBuf>,
    }
    #[task(id = "golden.train")]
    struct Train {
        n: u8,
        #[param(path = "weights.bin")]
        weights: PathBuf,
    }
    impl Task for Train {
        type Output = (u8, PathBuf);
        fn execute(&self, _: &JobContext) -> TaskResult<Self::Output> {
            Ok((self.n, self.weights.clone()))
        }
    }
    let paths = Paths::config().n(1).threads(8).data("/d").cache("/c").more(["a", "b"]).set(["c"]).boxed("e");
    vec![("ignored and paths", paths.identity()), ("task with a file of its own", Train::config().n(1).identity())]
}

/// Declared in another order than that of the names.
fn forty() -> Identity {
    macro_rules! forty {
        ($($name:ident $n:literal)*) => {{
            #[config(id = "golden.forty")]
            struct Forty {
                $($name: u32,)*
            }
            Forty::config()$(.$name($n * $n))*.identity()
        }};
    }
    forty! {
        a39 39 a07 7 a21 21 a00 0 a14 14 a28 28 a35 35 a01 1 a08 8 a22 22 a15 15 a29 29 a36 36 a02 2 a09 9 a23 23 a16 16
        a30 30 a37 37 a03 3 a10 10 a24 24 a17 17 a31 31 a38 38 a04 4 a11 11 a25 25 a18 18 a32 32 a05 5 a12 12 a26 26
        a19 19 a33 33 a06 6 a13 13 a27 27 a20 20 a34 34
    }
}
