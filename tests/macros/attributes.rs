//! `cfg`, other derives and other attributes on the same items.

use serde::{Deserialize, Serialize};
use xpm::prelude::*;

use crate::reading::read_back;

#[derive(Debug, Clone)]
#[config(id = "macros.attributes.before_and_after")]
#[derive(PartialEq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(clippy::derive_partial_eq_without_eq)]
#[derive(Deserialize)]
pub struct Derives {
    #[param(default = 0.5)]
    #[serde(rename = "K")]
    pub k: f64,
    #[serde(default)]
    pub n: u8,
}

#[config]
#[derive(Debug, PartialEq)]
pub struct Gone {
    #[cfg(any())]
    pub missing: Missing,
    #[cfg(any())]
    #[param(nonsense = 1)]
    pub also: Missing,
    #[cfg(not(any()))]
    pub there: u8,
    #[cfg_attr(all(), param(default = 7))]
    pub seven: u8,
    #[cfg_attr(any(), param(default = "wrong"))]
    #[param(default = 8)]
    pub eight: u8,
    pub last: u8,
}

#[config]
#[derive(Debug, PartialEq)]
pub enum GoneVariants {
    #[cfg(any())]
    Missing(Missing),
    Some {
        #[cfg(any())]
        missing: Missing,
        n: u8,
    },
    #[cfg_attr(all(), allow(unused))]
    Other,
}

#[config]
#[cfg(any())]
pub struct NotThere {
    pub missing: Missing,
}

#[cfg(any())]
#[config]
pub struct NotThereEither {
    pub missing: Missing,
}

#[cfg_attr(all(), config)]
pub struct Conditional {
    pub n: u8,
}

#[config]
#[cfg(any())]
impl Missing for Gone {}

#[config]
#[deprecated = "for the test"]
pub struct Old {
    #[deprecated]
    pub n: u8,
}

#[test]
fn other_derives_are_untouched() {
    let value = read_back::<Derives>(&Derives::config().n(3).build());
    assert_eq!(value, Derives { k: 0.5, n: 3 });
    assert_eq!(serde_json::to_string(&value).unwrap(), r#"{"K":0.5,"n":3}"#);
    assert_eq!(Derives::default().clone(), Derives { k: 0.0, n: 0 });
}

#[test]
fn fields_that_are_configured_away_are_no_arguments() {
    let gone = read_back::<Gone>(&Gone::config().there(1).last(2).build());
    assert_eq!(gone, Gone { there: 1, seven: 7, eight: 8, last: 2 });
    let some = GoneVariants::config().some().n(1).build();
    assert_eq!(read_back::<GoneVariants>(&some), GoneVariants::Some { n: 1 });
    assert_eq!(read_back::<GoneVariants>(&GoneVariants::config().other()), GoneVariants::Other);
    assert_eq!(read_back::<Conditional>(&Conditional::config().n(1).build()).n, 1);
}

/// Options whose values come from a macro.
mod from_a_macro {
    use xpm::prelude::*;

    macro_rules! declare {
        ($name:ident, $id:literal, $default:expr) => {
            #[config(id = $id)]
            pub struct $name {
                #[param(default = $default)]
                pub depth: u8,
            }
        };
    }
    declare!(Made, "made.by.a.macro", 1 + 2);

    #[test]
    fn they_are_read() {
        let made = Made::config().build();
        assert_eq!(made.explain().type_id, "made.by.a.macro");
        assert_eq!(made.depth.to_string(), "3");
    }
}
