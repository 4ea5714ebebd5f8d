//! One configuration has one identity, however it is given.

use std::sync::Arc;

use xpm::prelude::*;

#[config]
#[derive(Clone)]
pub struct Data {
    pub name: String,
    #[param(default = 10)]
    pub size: usize,
    pub limit: Option<usize>,
}

#[config]
pub struct ByValue {
    pub data: Data,
}

mod same {
    use super::*;

    #[config(id = "macros.same")]
    pub struct Flat {
        pub data: Data,
    }

    #[config(id = "macros.same.2")]
    pub struct Older {
        pub a: f64,
    }
}

#[test]
fn value_builder_reference_and_arc_are_one() {
    let plain = Data { name: "x".into(), size: 10, limit: None };
    let built = Data::config().name("x").build();
    let arc = Arc::new(built.clone());
    let one = ByValue::config().data(plain.clone()).identity();
    for other in [
        ByValue::config().data(&plain).identity(),
        ByValue::config().data(Data::config().name("x")).identity(),
        ByValue::config().data(Data::config().name(tag("x")).size(tag(10))).identity(),
        ByValue::config().data(&built).identity(),
        ByValue::config().data(built).identity(),
        ByValue::config().data(arc).identity(),
        ByValue::config().data(stop_tags(Data::config().name("x").maybe_limit(None))).identity(),
    ] {
        assert_eq!(other, one);
    }
    assert_ne!(ByValue::config().data(Data::config().name("y")).identity(), one);
}

#[config]
pub enum Loss {
    Mse,
    Mae,
    Huber {
        #[param(default = 1.0)]
        delta: f64,
    },
}

#[config]
pub enum OtherLoss {
    Mse,
}

#[config]
pub struct Fit {
    pub loss: Loss,
}

#[test]
fn each_variant_has_its_own_identity() {
    let (mse, huber) = (Loss::config().mse().identity(), Loss::config().huber().identity());
    assert_ne!(mse, huber);
    assert_ne!(mse, Loss::config().mae().identity());
    assert_ne!(mse, OtherLoss::config().mse().identity());
    assert_ne!(huber, Loss::config().huber().delta(2.0).identity());
    assert_eq!(huber, Loss::config().huber().delta(1.0).build().identity());

    let given = Fit::config().loss(Loss::config().mse()).identity();
    assert_eq!(given, Fit::config().loss(Loss::Mse).identity());
    assert_ne!(given, Fit::config().loss(Loss::config().mae()).identity());
}

mod with {
    use super::*;

    #[config(id = "macros.renamed")]
    pub struct Renamed {
        #[param(id = "old")]
        pub new: u8,
        #[param(default = 1, ignore_default)]
        pub added: u8,
        #[param(ignored, default = 4)]
        pub threads: u8,
    }
}

#[test]
fn options_of_arguments_enter_the_identity_as_they_say() {
    use with::Renamed;
    let one = Renamed::config().new(3);
    assert!(one.explain().to_string().contains("new"));
    let id = one.identity();
    assert_eq!(Renamed::config().new(3).added(1).threads(9).identity(), id);
    assert_ne!(Renamed::config().new(3).added(2).identity(), id);
}

#[test]
fn an_older_name_and_what_was_added_leave_the_identity_alone() {
    mod before {
        use xpm::prelude::*;
        // Not registered twice: a node's identity takes the id of its schema only.
        #[config(id = "macros.renamed.before")]
        pub struct Renamed {
            pub old: u8,
        }
    }
    mod after {
        use xpm::prelude::*;
        #[config(id = "macros.renamed.after")]
        pub struct Renamed {
            #[param(id = "old")]
            pub new: u8,
        }
    }
    let names = |table: String| table.lines().filter(|line| line.contains("= 3")).count();
    assert_eq!(names(before::Renamed::config().old(3).explain().to_string()), 1);
    assert_eq!(names(after::Renamed::config().new(3).explain().to_string()), 1);
    let schema = <after::Renamed as xpm::__private::ConfigType>::schema();
    assert_eq!(schema.arguments(None)[0].identity_name, "old");
}
