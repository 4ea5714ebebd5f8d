//! `Box` and `Arc` of arguments and of open families.

use std::sync::Arc;

use super::{Argument, NotOption, ReadError, Reader};
use crate::schema::Type;
use crate::value::Value;

/// What a `Box` or an `Arc` may point to: any argument type, or an open family (`dyn Scorer`).
pub trait Pointee: 'static {
    /// The type as data.
    fn pointee_ty() -> Type;

    /// The value as data.
    fn pointee_value(&self) -> Value;

    /// Reads the value back.
    ///
    /// # Errors
    /// As [`Argument::read`].
    fn read_boxed(value: &Value, reader: &mut Reader<'_>) -> Result<Box<Self>, ReadError>;
}

impl<T: Argument> Pointee for T {
    fn pointee_ty() -> Type {
        T::ty()
    }

    fn pointee_value(&self) -> Value {
        self.to_value()
    }

    fn read_boxed(value: &Value, reader: &mut Reader<'_>) -> Result<Box<Self>, ReadError> {
        T::read(value, reader).map(Box::new)
    }
}

impl<T: Pointee + ?Sized> Argument for Box<T> {
    fn ty() -> Type {
        T::pointee_ty()
    }

    fn to_value(&self) -> Value {
        (**self).pointee_value()
    }

    fn read(value: &Value, reader: &mut Reader<'_>) -> Result<Self, ReadError> {
        T::read_boxed(value, reader)
    }
}
impl<T: ?Sized> NotOption for Box<T> {}

impl<T: Pointee + ?Sized> Argument for Arc<T> {
    fn ty() -> Type {
        T::pointee_ty()
    }

    fn to_value(&self) -> Value {
        (**self).pointee_value()
    }

    fn read(value: &Value, reader: &mut Reader<'_>) -> Result<Self, ReadError> {
        reader.share(value, |reader| T::read_boxed(value, reader).map(Arc::from))
    }
}
impl<T: ?Sized> NotOption for Arc<T> {}
