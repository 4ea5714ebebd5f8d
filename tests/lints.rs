//! Generated code in a crate with lints that are often denied or forbidden. Not run by the usual harness: in a test, the
//! compiler asks for no documentation.

#![deny(warnings, non_ascii_idents)]
#![forbid(missing_docs, missing_debug_implementations, unsafe_code)]

use xpm::prelude::*;

/// Data.
#[config]
#[derive(Debug)]
#[non_exhaustive]
pub struct Data {
    /// Its size.
    pub size: usize,
    /// Its limit.
    pub limit: Option<usize>,
    /// Its parts.
    #[param(json)]
    pub parts: Vec<u8>,
}

/// A choice.
#[config]
#[derive(Debug)]
pub enum Choice {
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
pub trait Shows: std::fmt::Debug {
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
#[non_exhaustive]
pub struct OlderData {
    /// Its size.
    pub length: usize,
}

impl From<OlderData> for Data {
    fn from(old: OlderData) -> Self {
        Self { size: old.length, limit: None, parts: Vec::new() }
    }
}

/// A task.
#[task(version = 1)]
#[derive(Debug)]
#[non_exhaustive]
pub struct Work {
    /// What it works on.
    pub data: Data,
    /// How.
    #[param(default = Choice::One)]
    pub choice: Choice,
    /// What it shows.
    pub shows: Box<dyn Shows>,
    /// Where.
    #[param(path = "out.txt")]
    pub out: std::path::PathBuf,
}

impl Task for Work {
    type Output = u8;

    fn execute(&self, _job: &JobContext) -> TaskResult<u8> {
        Ok(1)
    }
}

/// A task of another program.
#[task(program = ["true"])]
#[derive(Debug)]
#[non_exhaustive]
pub struct Other {
    /// A number.
    pub n: u8,
}

/// Types `A` and `AB` whose marks would be one without what stands between.
pub mod close {
    use xpm::prelude::*;

    /// The one.
    #[config]
    #[derive(Debug)]
    #[non_exhaustive]
    pub struct A {
        /// A number.
        pub b_c: u8,
        /// A number.
        pub __b: u8,
    }

    /// The other one.
    #[allow(non_camel_case_types, reason = "what is tested")]
    #[config]
    #[derive(Debug)]
    #[non_exhaustive]
    pub struct A__ {
        /// A number.
        pub b: u8,
    }

    /// A name that a mark has.
    #[allow(non_camel_case_types, reason = "what is tested")]
    #[derive(Debug)]
    #[non_exhaustive]
    pub struct A__b_c;
}

fn main() {
    let data = Data::config().size(1).parts(vec![1]);
    let work = Work::config().data(data).shows(Choice::config().many().count(1));
    assert_ne!(work.identity(), Other::config().n(1).identity());
    assert_ne!(close::A::config().b_c(1).__b(2).identity(), close::A__::config().b(1).identity());
}
