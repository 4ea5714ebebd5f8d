use xpm::prelude::*;

pub struct Metrics {
    pub map: f64,
}

#[config]
pub struct Model {
    #[param(json)]
    pub metrics: Metrics,
}

fn main() {}
