//! The arguments of one variant of a closed family, while a plan sets them.

use std::fmt;
use std::marker::PhantomData;
use std::panic::Location;

use super::{Arg, ArgStruct, Complete, ConfigType, Configure, HasTags, Meta, Submitted, Symbolic};
use crate::value::{Slot, Tags, Value};

/// The arguments of one variant of the closed family `E`: what its builder's `build` returns.
pub struct VariantArgs<E> {
    variant: usize,
    slots: Vec<Slot>,
    meta: Meta,
    ty: PhantomData<fn() -> E>,
}

impl<E: ConfigType<Args = Self>> VariantArgs<E> {
    /// Variant number `variant`, nothing set.
    pub fn new(variant: usize) -> Self {
        let slots = E::schema().arguments(Some(variant)).iter().map(|arg| Slot::unset(arg.initial())).collect();
        Self { variant, slots, meta: Meta::default(), ty: PhantomData }
    }
}

impl<E> VariantArgs<E> {
    /// Sets argument number `index`. What the setters of a variant's builder call.
    pub fn set<T>(&mut self, index: usize, arg: Arg<T>, place: &'static Location<'static>) {
        self.slots[index] = arg.set_at(place).into_slot();
    }
}

impl<E> Clone for VariantArgs<E> {
    fn clone(&self) -> Self {
        Self { variant: self.variant, slots: self.slots.clone(), meta: self.meta.clone(), ty: PhantomData }
    }
}

impl<E> fmt::Debug for VariantArgs<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VariantArgs").field("variant", &self.variant).field("slots", &self.slots).finish()
    }
}

impl<E: ConfigType<Args = Self>> ArgStruct for VariantArgs<E> {
    type Target = E;

    fn from_slots(variant: Option<usize>, slots: Vec<Slot>) -> Self {
        Self { variant: variant.unwrap_or_default(), slots, meta: Meta::default(), ty: PhantomData }
    }

    fn slots(&self) -> Vec<Slot> {
        self.slots.clone()
    }

    fn meta(&self) -> &Meta {
        &self.meta
    }

    fn meta_mut(&mut self) -> &mut Meta {
        &mut self.meta
    }

    fn variant(&self) -> Option<usize> {
        Some(self.variant)
    }
}

impl<E: ConfigType<Args = Self>> Configure for VariantArgs<E> {
    type Built = Self;

    fn into_args(self) -> Self {
        self
    }

    fn args(&self) -> &Self {
        self
    }

    fn args_mut(&mut self) -> &mut Self {
        self
    }
}

impl<E> Complete for VariantArgs<E> {}

impl<E: ConfigType<Args = Self>> Symbolic for VariantArgs<E> {
    type Target = E;
    type Form = Submitted;

    fn into_config_value(self) -> Value {
        Value::Config(self.node())
    }
}

impl<E: ConfigType<Args = VariantArgs<E>>> Symbolic for &VariantArgs<E> {
    type Target = E;
    type Form = Submitted;

    fn into_config_value(self) -> Value {
        Value::Config(self.node())
    }
}

impl<E: ConfigType<Args = Self>> HasTags for VariantArgs<E> {
    fn all_tags(&self) -> Tags {
        self.node().tags().to_map()
    }
}
