//! Private types and fields, modules, functions, and types made by `macro_rules!`.

use xpm::prelude::*;

mod inner {
    use xpm::prelude::*;

    #[config]
    #[derive(Debug)]
    pub(super) struct Seen {
        pub(super) open: u8,
        hidden: u8,
    }

    impl Seen {
        pub(super) fn sum(&self) -> u8 {
            self.open + self.hidden
        }
    }

    #[config]
    #[derive(Debug)]
    struct Private {
        n: u8,
    }

    #[config]
    pub struct Exposes {
        private: Private,
    }

    pub fn exposes() -> ExposesConfig {
        Exposes::config().private(Private { n: 1 }).build()
    }

    pub(in crate::visibility) mod deeper {
        use xpm::prelude::*;

        #[config]
        #[derive(Debug)]
        pub(in crate::visibility) enum Far {
            Away { by: u8 },
        }
    }
}

#[test]
fn private_fields_are_arguments_wherever_the_type_is_seen() {
    let mut args = inner::Seen::config().open(1).hidden(2).build();
    args.set_hidden(3);
    args.open = 4.into_arg();
    assert_eq!(crate::reading::read_back::<inner::Seen>(&args).sum(), 7);
    assert!(inner::exposes().explain().to_string().contains("private.n = 1"));
    let far = inner::deeper::Far::config().away().by(1).build();
    assert!(matches!(crate::reading::read_back(&far), inner::deeper::Far::Away { by: 1 }));
}

#[test]
fn types_inside_functions() {
    #[config]
    struct Local {
        n: u8,
        other: Option<Other>,
    }

    #[config]
    #[derive(Debug)]
    enum Other {
        A,
        B(u8),
    }

    #[config]
    trait Show {
        fn show(&self) -> u8;
    }

    #[config]
    impl Show for Local {
        fn show(&self) -> u8 {
            self.n
        }
    }

    #[config]
    struct Shows {
        it: Box<dyn Show>,
    }

    let local = Local::config().n(3).other(Other::config().b()._0(1)).build();
    assert_eq!(crate::reading::read_back::<Shows>(&Shows::config().it(&local).build()).it.show(), 3);
}

macro_rules! made {
    ($name:ident, $field:ident: $ty:ty = $default:expr, $doc:literal) => {
        #[doc = $doc]
        #[config]
        #[derive(Debug, Clone, PartialEq)]
        pub struct $name {
            #[param(default = $default)]
            pub $field: $ty,
            pub own: Option<$ty>,
            pub required: $ty,
        }
    };
}
made!(Made, size: Vec<u8> = [1, 2], "A type made by a macro.");

#[test]
fn types_made_by_a_macro() {
    let made = crate::reading::read_back::<Made>(&Made::config().required([3]).own([4]).build());
    assert_eq!(made, Made { size: vec![1, 2], own: Some(vec![4]), required: vec![3] });
}
