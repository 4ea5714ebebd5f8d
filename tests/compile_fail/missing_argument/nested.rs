use xpm::prelude::*;

#[config]
pub struct Collection {
    pub name: String,
}

#[config]
pub struct Index {
    pub collection: Collection,
    pub more: Option<Collection>,
}

#[config]
pub struct Search {
    pub all: Vec<Index>,
}

fn main() {
    let _ = Index::config().collection(Collection::config()).build();
    let _ = Index::config().collection(Collection::config().name("x")).more(Collection::config()).build();
    let _ = Search::config().all([Index::config()]).build();
}
