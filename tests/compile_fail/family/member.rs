use xpm::prelude::*;

#[config]
pub trait Scorer {}

#[config]
pub struct Member {
    pub n: usize,
}

#[config]
impl Scorer for Member {}

#[config]
pub struct Stranger {
    pub n: usize,
}

pub struct Plain;

#[config]
pub struct Rerank {
    pub scorer: Box<dyn Scorer>,
}

fn main() {
    Rerank::config().scorer(Stranger::config().n(1));
    Rerank::config().scorer(Stranger { n: 1 });
    Rerank::config().scorer(Member::config());
    Rerank::config().scorer(Plain);
}
