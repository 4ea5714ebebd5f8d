//! Generated code in a module without the prelude, where every warning is an error.

#[path = "no_prelude.rs"]
mod no_prelude;

/// Everything is denied.
#[deny(
    warnings,
    missing_docs,
    missing_debug_implementations,
    unreachable_pub,
    unused,
    unused_qualifications,
    elided_lifetimes_in_paths,
    nonstandard_style,
    rust_2018_idioms,
    let_underscore,
    single_use_lifetimes,
    trivial_casts,
    trivial_numeric_casts,
    unnameable_types,
    variant_size_differences,
    clippy::all,
    clippy::pedantic,
    clippy::nursery
)]
#[allow(dead_code, reason = "an unused configuration is no mistake of ours")]
mod strict {
    use xpm::prelude::{Configure as _, JobContext, Task, TaskResult, config, task};

    /// Data.
    #[config]
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub(super) struct Data {
        /// Its size.
        pub(super) size: usize,
        /// Its limit.
        pub(super) limit: Option<usize>,
        /// Its file.
        #[param(path = "data.bin")]
        pub(super) file: std::path::PathBuf,
    }

    /// A choice.
    #[config]
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub(super) enum Choice {
        /// One.
        One,
        /// Many.
        Many {
            /// How many.
            count: u8,
        },
    }

    /// A family.
    #[config]
    pub(super) trait Shows: std::fmt::Debug {
        /// Shows.
        fn show(&self) -> u8;
    }

    #[config]
    impl Shows for Choice {
        fn show(&self) -> u8 {
            1
        }
    }

    /// What `Data` was.
    #[config(deprecated = Data)]
    #[derive(Debug)]
    pub(super) struct OlderData {
        /// Its size.
        pub(super) length: usize,
    }

    impl From<OlderData> for Data {
        fn from(old: OlderData) -> Self {
            Self { size: old.length, limit: None, file: std::path::PathBuf::new() }
        }
    }

    /// What `Choice` was.
    #[config(deprecated = super::strict::Choice, renamed_from = "macros.hostile.oldest_choice")]
    #[derive(Debug)]
    pub(super) enum OlderChoice {
        /// The only one.
        Only,
    }

    impl From<OlderChoice> for Choice {
        fn from(_: OlderChoice) -> Self {
            Self::One
        }
    }

    /// A task.
    #[task(version = 1)]
    #[derive(Debug)]
    struct Work {
        data: Data,
        #[param(default = Choice::One)]
        choice: Choice,
        shows: Box<dyn Shows>,
    }

    impl Task for Work {
        type Output = u8;

        fn execute(&self, _job: &JobContext) -> TaskResult<u8> {
            Ok(1)
        }
    }

    #[test]
    fn code_is_without_warnings() {
        let data = Data::config().size(1).build();
        let work = Work::config().data(data).shows(Choice::config().many().count(1)).build();
        assert_eq!(crate::reading::read_back::<Work>(&work).shows.show(), 1);
    }
}

#[forbid(unsafe_code)]
mod safe {
    use xpm::prelude::*;

    #[config]
    pub struct Safe {
        pub n: u8,
    }
}

/// A trait of the user's that every type has, with methods of our names.
mod everywhere {
    use xpm::prelude::*;

    macro_rules! everywhere {
        ($name:ident: $($by_reference:ident)*; $($by_value:ident)*) => {
            pub trait $name {
                $(fn $by_reference(&self) {})*
                $(fn $by_value(self) where Self: Sized {})*
            }

            impl<T: ?Sized> $name for T {}
        };
    }
    everywhere!(First: set set_size set_at slot to_map arguments next clone node slots meta fmt;);
    everywhere!(Second:; set slot to_map arguments next help default id_is arguments_are variants_are);

    #[config(id = "macros.everywhere.data")]
    pub struct Data {
        pub size: usize,
        pub limit: Option<usize>,
    }

    #[config(id = "macros.everywhere.choice")]
    pub enum Choice {
        One,
        Many {
            count: u8,
            #[param(default = 1)]
            step: u8,
            most: Option<u8>,
        },
    }

    #[test]
    fn methods_of_every_type_are_not_taken_for_ours() {
        let choice = Choice::config().many().count(2).step(3).maybe_most(None);
        assert_ne!(choice.identity(), Choice::config().one().identity());
        let mut data = Data::config().size(tag(1)).limit(2).build();
        assert_eq!(tagspath(&data), "size=1");
        data.set_limit(3);
        assert_eq!(crate::reading::read_back::<Data>(&data).limit, Some(3));
    }
}
