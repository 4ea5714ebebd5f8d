//! Names that are ours too: fields, types, raw identifiers.

use xpm::prelude::*;

use crate::reading::read_back;

#[config]
#[derive(Debug, PartialEq)]
pub struct Fields {
    pub tag: u8,
    pub tags: u8,
    pub build: u8,
    pub submit: u8,
    pub id: u8,
    pub path: String,
    pub default: u8,
    pub config: u8,
    pub args: u8,
    pub args_mut: u8,
    pub into_args: u8,
    pub identity: u8,
    pub explain: u8,
    pub node: u8,
    pub slots: u8,
    pub meta: u8,
    pub clone: u8,
    pub fmt: u8,
    pub value: u8,
    pub reader: u8,
    pub arguments: u8,
    pub schema: u8,
    pub check: u8,
    pub version: u8,
    pub limit: Option<u8>,
    pub maybe_limit: u8,
    pub set_id: u8,
    pub r#type: u8,
    pub r#fn: Option<u8>,
    pub r#match: u8,
    pub string: u8,
    pub u8: u8,
    pub str: u8,
    pub next: u8,
    pub slot: u8,
    pub r#gen: u8,
}

#[test]
fn fields_may_have_names_of_ours() {
    let builder = Fields::config()
        .tag(1)
        .tags(1)
        .build(1)
        .submit(1)
        .id(1)
        .path("p")
        .default(1)
        .config(1)
        .args(1)
        .args_mut(1)
        .into_args(1)
        .identity(1)
        .explain(1)
        .node(1)
        .slots(1)
        .meta(1)
        .clone(1)
        .fmt(1)
        .value(1)
        .reader(1)
        .arguments(1)
        .schema(1)
        .check(1)
        .version(1)
        .limit(1)
        .maybe_limit(2)
        .set_id(1)
        .r#type(1)
        .r#fn(1)
        .maybe_fn(Some(3))
        .r#match(1)
        .string(1)
        .u8(1)
        .str(1)
        .next(1)
        .slot(1)
        .r#gen(1);
    let mut args = Configure::build(builder);
    args.set_type(5).set_set_id(6).set_id(7).set_maybe_limit(8);
    args.r#match = 9.into_arg();
    let read = read_back::<Fields>(&args);
    assert_eq!((read.r#type, read.set_id, read.id, read.r#match), (5, 6, 7, 9));
    assert_eq!((read.limit, read.maybe_limit, read.r#fn), (Some(1), 8, Some(3)));
    assert!(args.tag("y", 1).explain().to_string().contains("type = 5"));
}

mod types {
    #![allow(clippy::upper_case_acronyms)]

    use xpm::prelude::{Configure as _, config, task};

    #[config]
    #[derive(Debug, PartialEq)]
    pub struct Option {
        pub n: u8,
    }
    #[config]
    pub struct Result;
    #[config]
    pub struct Vec {
        pub option: Option,
    }
    #[config]
    pub struct String;
    #[config]
    pub struct Box {
        pub vec: Vec,
        pub text: std::string::String,
        pub maybe: std::option::Option<Option>,
        pub list: std::vec::Vec<Option>,
    }
    #[task]
    pub struct Task {
        pub r#box: Box,
        pub result: Result,
        #[param(default = String)]
        pub string: String,
    }

    impl xpm::prelude::Task for Task {
        type Output = ();

        fn execute(&self, _job: &xpm::prelude::JobContext) -> xpm::prelude::TaskResult<()> {
            Ok(())
        }
    }

    #[config]
    pub enum Some {
        None,
        Ok(u8),
        Err { e: u8 },
    }

    #[config(id = "macros.raw")]
    pub struct r#Self_ {
        pub n: u8,
    }

    #[test]
    fn types_may_have_names_of_the_prelude() {
        let list = [Option::config().n(2)];
        let inner =
            Box::config().vec(Vec::config().option(Option { n: 1 })).text("t").maybe(Option { n: 3 }).list(list);
        let task = Task::config().r#box(inner).result(Result).build();
        let task = crate::reading::read_back::<Task>(&task);
        assert_eq!(task.r#box.list, [Option { n: 2 }]);
        let _ = (Some::config().none(), Some::config().ok()._0(1).build(), Some::config().err().e(1));
    }
}

/// A constant with the name of an argument is a pattern where one is written.
#[allow(non_upper_case_globals, reason = "what is tested")]
pub const aside: u8 = 3;
#[allow(non_camel_case_types, reason = "what is tested")]
#[derive(Debug)]
pub struct beside;

#[config]
pub struct Constants {
    pub aside: u8,
    pub beside: u8,
}

/// Has the name that the keys of [`Constants`] would be given first.
#[config]
pub struct ConstantsArguments {
    pub n: u8,
}

#[config]
#[derive(Debug, PartialEq)]
pub enum Words {
    Gen,
    Type { r#gen: u8 },
}

#[test]
fn names_of_constants_types_and_keywords() {
    let read = read_back::<Constants>(&Constants::config().aside(1).beside(2).build());
    assert_eq!((read.aside, read.beside, aside), (1, 2, 3));
    let _ = (ConstantsArguments::config().n(1), beside);
    assert_ne!(Words::config().r#gen().identity(), Words::config().r#type().r#gen(1).identity());
}

/// Stands in the way of the argument struct of [`Rank`].
#[derive(Debug)]
pub struct RankConfig;
/// Stands in the way of its builder.
#[derive(Debug)]
pub struct RankBuilder;

#[config(args = RankArgs, builder = RankArgsBuilder)]
pub struct Rank {
    pub n: u8,
}

#[config(builder = Sides)]
pub enum Side {
    Left,
    Right { by: u8 },
}

#[test]
fn generated_types_can_be_named() {
    let builder: RankArgsBuilder = Rank::config();
    let args: RankArgs = builder.n(1).build();
    assert_eq!(read_back::<Rank>(&args).n, 1);
    let sides: Sides = Side::config();
    let _ = (sides.left(), sides.right().by(1), RankConfig, RankBuilder);
}
