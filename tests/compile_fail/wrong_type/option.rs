use xpm::prelude::*;

#[config]
pub struct Model {
    pub limit: Option<usize>,
}

fn main() {
    Model::config().limit(Some(3));
    Model::config().maybe_limit(3);
    Model::config().limit("x");
}
