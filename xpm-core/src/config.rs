//! Configurations: the engine behind the argument structs that the macros generate.
//!
//! An argument struct (`RankConfig`) holds an [`Arg`] per argument. What a plan gives ([`IntoArg`]) becomes a
//! [`Value`](crate::value::Value) at once; the job reads it back ([`Argument`]) through a [`Reader`]. Knows how
//! configurations nest, share, carry tags and refer to jobs; it does not know that jobs run.

mod arg;
mod argument;
mod containers;
mod family;
mod into_arg;
mod json;
mod mark;
mod meta;
mod path;
mod plain;
mod pointers;
mod reader;
mod registry;
mod replaced;
mod scalars;
mod traits;
mod variant;
mod walk;

pub use arg::Arg;
pub use argument::{Argument, Named, NoOption, NotOption, Plain, Promised, default_value, validated};
pub use family::{Family, Member, MemberOf, member_ty, read_member};
pub use into_arg::{ByConfig, ByReference, ByValue, IntoArg};
pub use json::{Json, json_ty, json_value};
pub use mark::{StopTags, Tagged, stop_tags, tag};
pub use meta::{Meta, SubmitOptions};
pub use path::{
    ArgAt, ArgKey, ArgPath, Below, End, Field, FieldAt, HasKeys, Holds, Leads, Letters, Letters16, NamedArgument,
    Renamed, held, keys,
};
pub(crate) use plain::{Plain as PlainData, PlainArgument};
pub use pointers::Pointee;
pub use reader::{JobPath, JobSource, ReadArgument, ReadError, Reader};
pub use registry::{CheckArgument, CheckConfig, FamilyMember, ReadMember, Registered, Registry, RegistryError};
pub use replaced::{Convert, Converted, MadeFrom, NoTask, Replaced};
pub use traits::{
    ArgStruct, Complete, ConfigType, Configure, Given, HasTags, Is, Set, Submitted, Symbolic, Unset, Unsubmitted,
    Usable, tagspath,
};
pub use variant::VariantArgs;
pub(crate) use walk::{References, references};
