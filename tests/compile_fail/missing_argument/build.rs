use xpm::prelude::*;

#[config]
pub struct Collection {
    pub name: String,
    pub size: usize,
    pub limit: Option<usize>,
}

#[config]
pub enum Loss {
    Huber { delta: f64 },
}

fn main() {
    let _ = Collection::config().size(3).build();
    let _ = Collection::config().build();
    let _ = Loss::config().huber().build();
    let _ = Collection::config().limit(3).identity();
    let _ = tagspath(&Collection::config().name("x"));
}
