use xpm::prelude::*;

#[config]
pub struct Wanted {
    pub n: usize,
}

#[config]
pub struct Other {
    pub n: usize,
}

#[config]
pub struct Holder {
    pub wanted: Wanted,
}

fn main() {
    Holder::config().wanted(Other::config().n(1));
    Holder::config().wanted(Other { n: 1 });
    Holder::config().wanted(3);
}
