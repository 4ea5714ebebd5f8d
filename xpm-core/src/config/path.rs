//! Arguments as types: what `arg!(Rank.model.k1)` names.
//!
//! The compiler looks a name up as a field of the struct of keys that each type has ([`HasKeys`]), so a wrong name is
//! told as a wrong field is. The number found there stands in the type ([`Field`], [`Below`]); what type the argument has
//! is found from the number ([`ArgAt`]) where it is given to a setter. No associated type holds the argument's
//! type: a public type may have arguments of private types.

use std::fmt;
use std::marker::PhantomData;

use super::ConfigType;
use crate::schema::{ArgSchema, Type, TypeKind, TypeSchema};

/// The number of an argument in its type, and the type of the field.
pub struct ArgKey<F> {
    /// The number, in the order of declaration.
    pub index: usize,
    ty: PhantomData<fn() -> F>,
}

impl<F> ArgKey<F> {
    /// The key of argument number `index`.
    pub const fn new(index: usize) -> Self {
        Self { index, ty: PhantomData }
    }
}

impl<F> Clone for ArgKey<F> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<F> Copy for ArgKey<F> {}

impl<F> fmt::Debug for ArgKey<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ArgKey({})", self.index)
    }
}

/// A struct whose arguments `arg!` can name. Implemented by `#[config]` and `#[task]`.
#[diagnostic::on_unimplemented(
    message = "`arg!` names arguments of structs, and `{Self}` is none with `#[config]` or `#[task]`",
    label = "no arguments to name",
    note = "of an enum or an `Option`, name the argument that holds it, `arg!(Task.field)`: its flags are also those of what is in it"
)]
pub trait HasKeys: ConfigType {
    /// A field for each argument, of its name.
    type Keys: Copy + 'static;
    /// The keys.
    const KEYS: Self::Keys;
}

/// The argument number `N` of a type takes what is given for a `T`: its type, and for an `Option<T>` also `T`.
pub trait ArgAt<const N: usize, T> {}

/// The argument number `N` of a type has the type `T`.
pub trait FieldAt<const N: usize, T> {}

/// A field type that holds a configuration, whose own arguments can be named: the type itself, or `Option`, `Box` and
/// `Arc` of it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` holds no configuration, so it has no arguments to name",
    label = "the name after the dot is that of an argument of a `#[config]` struct",
    note = "leave out what follows the last dot: the flag of an enum or a family has flags for what is chosen beside it, those of lists, maps and `#[param(json)]` take JSON"
)]
pub trait Holds {
    /// The configuration.
    type Config: HasKeys;
}

impl<T: Holds> Holds for Option<T> {
    type Config = T::Config;
}

impl<T: Holds> Holds for Box<T> {
    type Config = T::Config;
}

impl<T: Holds> Holds for std::sync::Arc<T> {
    type Config = T::Config;
}

/// The keys of a type.
pub const fn keys<C: HasKeys>() -> C::Keys {
    C::KEYS
}

/// The keys of the configuration that an argument holds.
pub const fn held<F: Holds>(_: ArgKey<F>) -> <F::Config as HasKeys>::Keys {
    <F::Config as HasKeys>::KEYS
}

/// The argument number `N` of `C`.
#[derive(Debug)]
pub struct Field<C, const N: usize>(PhantomData<fn() -> C>);

/// The argument number `N` of the configuration that the argument `P` holds.
#[derive(Debug)]
pub struct Below<P, const N: usize>(PhantomData<fn() -> P>);

/// The argument `P`, under another name on the command line.
#[derive(Debug)]
pub struct Renamed<P, L>(PhantomData<fn() -> (P, L)>);

/// Sixteen bytes of a name, fewer being padded with zeros, and what is behind them: few types, since tools count them.
#[derive(Debug)]
pub struct Letters16<const BYTES: u128, L>(PhantomData<fn() -> L>);

/// The end of a name.
#[derive(Debug)]
pub struct End;

/// A name as a type.
pub trait Letters {
    /// Appends the name.
    fn write(out: &mut String);
}

impl Letters for End {
    fn write(_: &mut String) {}
}

impl<const BYTES: u128, L: Letters> Letters for Letters16<BYTES, L> {
    fn write(out: &mut String) {
        out.extend(BYTES.to_be_bytes().into_iter().filter(|byte| *byte != 0).map(char::from));
        L::write(out);
    }
}

/// An argument that `arg!` names.
#[derive(Clone, Debug)]
pub struct NamedArgument {
    /// Its name on the command line: its path, dotted, unless it is renamed.
    pub name: String,
    /// The type that it is an argument of.
    pub of: &'static TypeSchema,
    /// Its number there.
    pub index: usize,
}

impl NamedArgument {
    /// What the schema says of it.
    pub fn schema(&self) -> &'static ArgSchema {
        &self.of.arguments(None)[self.index]
    }
}

/// What `arg!` expands to.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not name an argument",
    label = "write `Forward<arg!(Task.field)>`",
    note = "`Flags<Model>` is a flag for each argument of a configuration, `Forward<arg!(Task.field)>` the flag of one argument, whatever its type"
)]
pub trait ArgPath: 'static {
    /// The argument.
    fn named() -> NamedArgument;
}

impl<C: ConfigType, const N: usize> ArgPath for Field<C, N> {
    fn named() -> NamedArgument {
        NamedArgument { name: C::schema().arguments(None)[N].name.to_owned(), of: C::schema(), index: N }
    }
}

impl<P: ArgPath, const N: usize> ArgPath for Below<P, N> {
    fn named() -> NamedArgument {
        let above = P::named();
        let of = held_schema(&above.schema().ty);
        NamedArgument { name: format!("{}.{}", above.name, of.arguments(None)[N].name), of, index: N }
    }
}

impl<P: ArgPath, L: Letters + 'static> ArgPath for Renamed<P, L> {
    fn named() -> NamedArgument {
        let mut name = String::new();
        L::write(&mut name);
        NamedArgument { name, ..P::named() }
    }
}

fn held_schema(ty: &Type) -> &'static TypeSchema {
    match ty {
        Type::Option(item) => held_schema(item),
        Type::Config(schema) if schema().kind() != TypeKind::Family => schema(),
        _ => unreachable!("`Holds` is implemented for what holds a configuration only"),
    }
}

/// The argument `Self` takes what is given for a `T`; `Via` is inferred.
#[diagnostic::on_unimplemented(
    message = "this flag is that of an argument of another type than `{T}`",
    label = "not the flag of a `{T}`"
)]
pub trait Leads<T, Via> {}

impl<C: ArgAt<N, T>, T, const N: usize> Leads<T, ()> for Field<C, N> {}

impl<P, M, T, V, const N: usize> Leads<T, (M, V)> for Below<P, N>
where
    P: Reaches<M, V>,
    M: Holds,
    M::Config: ArgAt<N, T>,
{
}

impl<P: Leads<T, V>, T, V, L> Leads<T, (V,)> for Renamed<P, L> {}

/// The argument `Self` has the type `T`; `Via` is inferred. Apart from [`Leads`], so that each has one candidate only.
pub trait Reaches<T, Via> {}

impl<C: FieldAt<N, T>, T, const N: usize> Reaches<T, ()> for Field<C, N> {}

impl<P, M, T, V, const N: usize> Reaches<T, (M, V)> for Below<P, N>
where
    P: Reaches<M, V>,
    M: Holds,
    M::Config: FieldAt<N, T>,
{
}
