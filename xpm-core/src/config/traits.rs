//! The traits that tie a user's type, its argument struct and its builder together. All are implemented by the macros.

use std::marker::PhantomData;
use std::sync::Arc;

use super::{Argument, Meta, ReadError, Reader};
use crate::identity::{self, Explanation, Refused};
use crate::ids::Identity;
use crate::schema::TypeSchema;
use crate::value::{Node, Slot, TagValue, Tags, Value, tags_path};

/// A configuration, a closed family or a task: what `#[config]` and `#[task]` make of a struct or an enum.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no configuration",
    label = "no type with `#[config]` or `#[task]`",
    note = "a struct or an enum of yours becomes a configuration by `#[config]` on its definition",
    note = "what is expected here is the configuration itself, not an `Option`, a list or a `Box` of it; `Option<Flags<Model>>` is optional, and `Forward<arg!(Task.field)>` is the flag of one argument, whatever its type"
)]
pub trait ConfigType: Argument {
    /// The argument struct.
    type Args: ArgStruct<Target = Self>;

    /// The schema.
    fn schema() -> &'static TypeSchema;

    /// The node of a plain value.
    fn to_node(&self) -> Arc<Node>;

    /// Reads a value back from the node that holds its arguments.
    ///
    /// # Errors
    /// If an argument is not what the type expects.
    fn read_from(node: &Arc<Node>, reader: &mut Reader<'_>) -> Result<Self, ReadError>;

    /// Whether `value` can be read back as argument number `index` of a struct.
    ///
    /// # Errors
    /// As [`Argument::read`].
    fn check_argument(index: usize, value: &Value, reader: &mut Reader<'_>) -> Result<(), ReadError> {
        let _ = (index, value, reader);
        Ok(())
    }

    /// What `#[config(validate = …)]` says of a value.
    ///
    /// # Errors
    /// What the function returns.
    fn check(&self) -> Result<(), anyhow::Error> {
        Ok(())
    }
}

/// An argument struct: `RankConfig`.
pub trait ArgStruct: Clone + Sized + Send + Sync + 'static {
    /// The type whose arguments these are.
    type Target: ConfigType<Args = Self>;

    /// The argument struct with these arguments, one for each that the schema has, of the variant with that number for a
    /// closed family.
    fn from_slots(variant: Option<usize>, slots: Vec<Slot>) -> Self;

    /// The arguments, in the order of the schema.
    fn slots(&self) -> Vec<Slot>;

    /// What is no argument.
    fn meta(&self) -> &Meta;

    /// What is no argument.
    fn meta_mut(&mut self) -> &mut Meta;

    /// The variant, for a closed family.
    fn variant(&self) -> Option<usize> {
        None
    }

    /// The arguments as a node; the same one as long as nothing has changed.
    fn node(&self) -> Arc<Node> {
        self.meta().node(Self::Target::schema(), self.variant(), self.slots())
    }
}

/// The mark of a required argument that is set, on a builder.
#[derive(Debug)]
pub struct Set;

/// The mark of a required argument that is not set yet, on a builder.
#[derive(Debug)]
pub struct Unset;

/// The required argument `A` is set.
#[diagnostic::on_unimplemented(
    message = "the required argument `{A}` is not set",
    label = "`{A}` is missing: set it with the setter of its name",
    note = "if it can be left out, declare it with `#[param(default = …)]`, or as an `Option`"
)]
pub trait Given<A> {}
impl<A> Given<A> for Set {}

/// A builder with every required argument set, or an argument struct.
pub trait Complete {}

/// What stands for a configuration in a plan: an argument struct or a reference to one, a complete builder, a job, or
/// what a job made.
#[diagnostic::on_unimplemented(message = "`{Self}` does not stand for a configuration")]
pub trait Symbolic {
    /// The configuration's type.
    type Target: ConfigType;

    /// [`Submitted`] for what can be given as an argument, [`Unsubmitted`] for the arguments of a task.
    type Form;

    /// The configuration as data.
    fn into_config_value(self) -> Value;
}

/// The form of a configuration, and of a task that has been submitted.
#[derive(Debug)]
pub struct Submitted;

/// The form of a task that has not been submitted.
#[derive(Debug)]
pub struct Unsubmitted;

/// What may be given as an argument of type `T`.
#[diagnostic::on_unimplemented(
    message = "the task `{T}` is given as an argument before it is submitted",
    label = "`{T}` is a task: its job goes here",
    note = "submit it first, `let job = ….submit(xp)?;`, and give `&job`"
)]
pub trait Usable<T> {}
impl<T> Usable<T> for Submitted {}

/// The same type: a bound instead of an equality, for its message.
#[diagnostic::on_unimplemented(
    message = "a configuration `{Self}` cannot be given where an argument of type `{T}` is expected",
    label = "expected `{T}`, found a configuration `{Self}`"
)]
pub trait Is<T> {}
impl<T> Is<T> for T {}

impl<A: ArgStruct> Symbolic for Arc<A>
where
    for<'a> &'a A: Symbolic<Target = A::Target, Form = Submitted>,
{
    type Target = A::Target;
    type Form = Submitted;

    fn into_config_value(self) -> Value {
        Value::Config(self.node())
    }
}

impl<A: ArgStruct> Symbolic for &Arc<A>
where
    for<'a> &'a A: Symbolic<Target = A::Target, Form = Submitted>,
{
    type Target = A::Target;
    type Form = Submitted;

    fn into_config_value(self) -> Value {
        Value::Config(self.node())
    }
}

/// What can be done with a builder and with an argument struct alike. In the prelude.
///
/// These are methods of a trait so that an argument may have the same name: a setter wins.
pub trait Configure: Sized {
    /// The argument struct.
    type Built: ArgStruct;

    /// The arguments so far.
    #[doc(hidden)]
    fn into_args(self) -> Self::Built;

    /// The arguments so far.
    #[doc(hidden)]
    fn args(&self) -> &Self::Built;

    /// The arguments so far.
    #[doc(hidden)]
    fn args_mut(&mut self) -> &mut Self::Built;

    /// The argument struct. Does not compile while a required argument is missing.
    fn build(self) -> Self::Built
    where
        Self: Complete,
    {
        self.into_args()
    }

    /// Adds a tag of this configuration. Tags are not in the identity.
    #[must_use]
    fn tag(mut self, name: impl Into<String>, value: impl Into<TagValue>) -> Self {
        self.args_mut().meta_mut().tag(name.into(), value.into());
        self
    }

    /// Its tags and those of everything below it, in order of name. Where two disagree, the outer one wins.
    fn tags(&self) -> Tags
    where
        Self: Complete,
    {
        self.args().node().tags().to_map()
    }

    /// The identity.
    ///
    /// # Panics
    /// If an argument has no identity (an integer beyond `i128`, a map with the same key twice);
    /// [`try_identity`](Self::try_identity) gives an error instead, as `submit` does.
    fn identity(&self) -> Identity
    where
        Self: Complete,
    {
        match self.try_identity() {
            Ok(identity) => identity,
            Err(error) => panic!("{error}"),
        }
    }

    /// The identity.
    ///
    /// # Errors
    /// If an argument has no identity; names the argument.
    fn try_identity(&self) -> Result<Identity, Refused>
    where
        Self: Complete,
    {
        identity::digest(&self.args().node())
    }

    /// Every argument, its value, and whether and why it is left out of the identity. Its `Display` is a table.
    ///
    /// # Panics
    /// As [`identity`](Self::identity).
    fn explain(&self) -> Explanation
    where
        Self: Complete,
    {
        match identity::explain(&self.args().node()) {
            Ok(explanation) => explanation,
            Err(error) => panic!("{error}"),
        }
    }
}

/// What has tags: argument structs, jobs, and tags themselves.
pub trait HasTags {
    /// The tags, own ones and those of everything below.
    fn all_tags(&self) -> Tags;
}

impl HasTags for Tags {
    fn all_tags(&self) -> Tags {
        self.clone()
    }
}

impl<X: HasTags + ?Sized> HasTags for &X {
    fn all_tags(&self) -> Tags {
        (**self).all_tags()
    }
}

/// A file name made of tags: `b=0.4_k1=0.9`, in order of key, unsafe characters escaped, so that two different sets of
/// tags never give one name. Without tags it is `untagged`.
///
/// ```
/// use xpm_core::{Tags, tagspath};
/// assert_eq!(tagspath(&Tags::from([("k1".to_owned(), 0.9.into())])), "k1=0.9");
/// ```
pub fn tagspath<X: HasTags + ?Sized>(tagged: &X) -> String {
    tags_path(&tagged.all_tags())
}

/// A marker for type parameters that name nothing.
pub(super) type Phantom<T> = PhantomData<fn() -> T>;
