//! A module without the prelude, and with other things under its names.
#![no_implicit_prelude]
#![deny(warnings)]
#![allow(dead_code, unreachable_pub)]

use ::xpm::{config, task};

/// Not the prelude's.
#[derive(::std::fmt::Debug)]
pub struct Result;
/// Not the prelude's.
#[allow(non_camel_case_types)]
#[derive(::std::fmt::Debug)]
pub struct str;
/// Not the standard library's.
pub mod std {}
/// Not the core library's.
pub mod core {}
/// Not this crate.
pub mod xpm {}

/// Data.
#[config(id = "macros.no_prelude.data", version = 1, validate = fine)]
#[derive(::std::fmt::Debug, ::std::cmp::PartialEq)]
pub struct Data {
    /// Name.
    pub name: ::std::string::String,
    /// Size.
    #[param(default = 10, ignore_default)]
    pub size: usize,
    /// Limit.
    pub limit: ::std::option::Option<u8>,
    /// File.
    #[param(path = "x")]
    pub file: ::std::path::PathBuf,
    /// JSON.
    #[param(json)]
    pub json: ::std::option::Option<u8>,
}

fn fine(_: &Data) -> ::std::result::Result<(), ::std::string::String> {
    ::std::result::Result::Ok(())
}

/// What data was.
#[config(deprecated = Data, renamed_from = "macros.no_prelude.oldest")]
#[derive(::std::fmt::Debug)]
pub struct OldData {
    /// Size.
    #[param(renamed_from = "length")]
    pub size: usize,
}

impl ::std::convert::From<OldData> for Data {
    fn from(old: OldData) -> Self {
        let (name, file) = (::std::string::String::new(), ::std::path::PathBuf::new());
        Self { name, size: old.size, limit: ::std::option::Option::None, file, json: ::std::option::Option::None }
    }
}

/// A choice.
#[config]
#[derive(::std::fmt::Debug)]
pub enum Choice {
    /// None.
    None,
    /// Some.
    Some {
        /// By.
        by: u8,
    },
    /// Pair.
    Pair(u8, #[param(json)] ::std::option::Option<u8>),
}

/// A family.
#[config]
pub trait Family {
    /// Does.
    fn does(&self) {}
}

#[config]
impl Family for Choice {}

/// A task.
#[task]
#[derive(::std::fmt::Debug)]
pub struct Work {
    /// Data.
    pub data: Data,
    /// Choice.
    pub choice: Choice,
}

impl ::xpm::Task for Work {
    type Output = ();

    fn execute(&self, _job: &::xpm::JobContext) -> ::xpm::TaskResult<()> {
        ::std::result::Result::Ok(())
    }
}

#[::std::prelude::rust_2024::test]
fn works() {
    use ::xpm::Configure as _;
    let choice = Choice::config().some().by(1);
    let work = Work::config().data(Data::config().name("x")).choice(choice).build();
    ::std::assert_eq!(crate::reading::read_back::<Work>(&work).data.size, 10);
}
