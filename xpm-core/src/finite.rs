//! Floats that JSON has no form of. `serde_json` writes `null` for them, which reads as no value, so that `Some(NaN)` would become
//! `None` on the way: whoever writes JSON that is read back looks for them first.

use std::fmt;

use serde::ser::{self, Serialize, Serializer};

/// Where a float is that is not finite, and which: `NaN`, `inf at [1].loss`. Only the first is told.
pub(crate) fn exception<T: Serialize + ?Sized>(value: &T) -> Option<String> {
    let Stop { number, place } = value.serialize(Finder).err()?;
    let number = number?;
    Some(if place.is_empty() { number.to_string() } else { format!("{number} at {}", place.trim_start_matches('.')) })
}

/// Goes through a value; an error ends it.
#[derive(Clone, Copy)]
struct Finder;

#[derive(Debug)]
struct Stop {
    /// What was found; none if the value cannot be written at all, which whoever writes it tells.
    number: Option<f64>,
    place: String,
}

impl Stop {
    fn within(self, part: &str) -> Self {
        Self { place: format!("{part}{}", self.place), ..self }
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.number)
    }
}

impl std::error::Error for Stop {}

impl ser::Error for Stop {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self { number: None, place: String::new() }
    }
}

/// What has no parts, and what is passed through.
macro_rules! whole {
    ($($name:ident($($value:ty)?);)*) => {$(
        fn $name(self $(, _: $value)?) -> Result<(), Stop> {
            Ok(())
        }
    )*};
}

impl Serializer for Finder {
    type Ok = ();
    type Error = Stop;
    type SerializeSeq = Items;
    type SerializeTuple = Items;
    type SerializeTupleStruct = Items;
    type SerializeTupleVariant = Items;
    type SerializeMap = Members;
    type SerializeStruct = Members;
    type SerializeStructVariant = Members;

    whole! {
        serialize_bool(bool);
        serialize_i8(i8);
        serialize_i16(i16);
        serialize_i32(i32);
        serialize_i64(i64);
        serialize_i128(i128);
        serialize_u8(u8);
        serialize_u16(u16);
        serialize_u32(u32);
        serialize_u64(u64);
        serialize_u128(u128);
        serialize_char(char);
        serialize_str(&str);
        serialize_bytes(&[u8]);
        serialize_none();
        serialize_unit();
        serialize_unit_struct(&'static str);
    }

    fn serialize_f32(self, value: f32) -> Result<(), Stop> {
        self.serialize_f64(value.into())
    }

    fn serialize_f64(self, value: f64) -> Result<(), Stop> {
        if value.is_finite() { Ok(()) } else { Err(Stop { number: Some(value), place: String::new() }) }
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Stop> {
        value.serialize(self)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, _: &'static str) -> Result<(), Stop> {
        Ok(())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), Stop> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Stop> {
        value.serialize(self).map_err(|stop| stop.within(&format!(".{variant}")))
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Items, Stop> {
        Ok(Items(0))
    }

    fn serialize_tuple(self, _: usize) -> Result<Items, Stop> {
        Ok(Items(0))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Items, Stop> {
        Ok(Items(0))
    }

    fn serialize_tuple_variant(self, _: &'static str, _: u32, _: &'static str, _: usize) -> Result<Items, Stop> {
        Ok(Items(0))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Members, Stop> {
        Ok(Members)
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Members, Stop> {
        Ok(Members)
    }

    fn serialize_struct_variant(self, _: &'static str, _: u32, _: &'static str, _: usize) -> Result<Members, Stop> {
        Ok(Members)
    }
}

/// The items of a list so far.
struct Items(usize);

impl Items {
    fn item<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Stop> {
        let index = self.0;
        self.0 += 1;
        value.serialize(Finder).map_err(|stop| stop.within(&format!("[{index}]")))
    }
}

macro_rules! items {
    ($($kind:ident: $name:ident;)*) => {$(
        impl ser::$kind for Items {
            type Ok = ();
            type Error = Stop;

            fn $name<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Stop> {
                self.item(value)
            }

            fn end(self) -> Result<(), Stop> {
                Ok(())
            }
        }
    )*};
}
items! {
    SerializeSeq: serialize_element;
    SerializeTuple: serialize_element;
    SerializeTupleStruct: serialize_field;
    SerializeTupleVariant: serialize_field;
}

/// The members of an object. Keys are texts; one that is none, the writer refuses.
struct Members;

impl ser::SerializeMap for Members {
    type Ok = ();
    type Error = Stop;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, _: &T) -> Result<(), Stop> {
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Stop> {
        value.serialize(Finder).map_err(|stop| stop.within("[…]"))
    }

    fn serialize_entry<K: Serialize + ?Sized, V: Serialize + ?Sized>(
        &mut self,
        key: &K,
        value: &V,
    ) -> Result<(), Stop> {
        value.serialize(Finder).map_err(|stop| match serde_json::to_value(key) {
            Ok(serde_json::Value::String(key)) => stop.within(&format!(".{key}")),
            Ok(key) => stop.within(&format!("[{key}]")),
            Err(_) => stop.within("[…]"),
        })
    }

    fn end(self) -> Result<(), Stop> {
        Ok(())
    }
}

macro_rules! members {
    ($($kind:ident),*) => {$(
        impl ser::$kind for Members {
            type Ok = ();
            type Error = Stop;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Stop> {
                value.serialize(Finder).map_err(|stop| stop.within(&format!(".{name}")))
            }

            fn end(self) -> Result<(), Stop> {
                Ok(())
            }
        }
    )*};
}
members!(SerializeStruct, SerializeStructVariant);

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::exception;

    #[derive(serde::Serialize)]
    enum Loss {
        None,
        Of(f32),
        Both { first: f64, second: Option<f64> },
    }

    #[test]
    fn what_json_has_no_number_for_is_found_with_its_place() {
        assert_eq!(exception(&(1, "NaN", Some(0.5), [u128::MAX, 2], 'c', Loss::None, ())), None);
        assert_eq!(exception(&f64::NAN).unwrap(), "NaN");
        assert_eq!(exception(&[Some(1.0), Some(f64::INFINITY)]).unwrap(), "inf at [1]");
        assert_eq!(exception(&Loss::Of(f32::NEG_INFINITY)).unwrap(), "-inf at Of");
        let both = vec![Loss::None, Loss::Both { first: 1.0, second: Some(f64::NAN) }];
        assert_eq!(exception(&both).unwrap(), "NaN at [1].second");
        let map = BTreeMap::from([("map", BTreeMap::from([(3, f64::NAN)]))]);
        assert_eq!(exception(&map).unwrap(), "NaN at map[3]");
    }
}
