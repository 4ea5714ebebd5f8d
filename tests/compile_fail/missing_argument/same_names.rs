//! Two types with one name, and arguments with one name: the message tells them apart.

mod train {
    use xpm::prelude::*;

    #[config]
    pub struct Data {
        pub name: String,
    }
}

mod test {
    use xpm::prelude::*;

    #[config]
    pub struct Data {
        pub name: String,
    }
}

use xpm::prelude::*;

fn main() {
    let _ = train::Data::config().build();
    let _ = test::Data::config().build();
}
