//! Names in the identity that belong to another argument.

use xpm::prelude::*;

#[config]
pub struct Swapped {
    #[param(id = "rate")]
    pub alpha: f64,
    #[param(id = "later")]
    pub rate: f64,
}

#[config]
pub struct After {
    #[param(ignored, default = 1)]
    pub threads: u8,
    #[param(id = "threads")]
    pub workers: u8,
}

#[config]
pub enum Loss {
    Mse {
        delta: f64,
    },
    Huber {
        #[param(id = "delta")]
        width: f64,
    },
    Both {
        #[param(id = "delta")]
        width: f64,
        delta: f64,
    },
}

#[config]
pub struct Same {
    #[param(id = "old")]
    pub one: u8,
    #[param(id = "old")]
    pub two: u8,
    #[param(renamed_from = "old")]
    pub three: u8,
}

fn main() {}
