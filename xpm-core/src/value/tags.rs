//! Tags: names for what varies, kept outside the identity, and the file name made of them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

use super::Value;

/// Tags by name, in order of name.
pub type Tags = BTreeMap<String, TagValue>;

/// Tags as configurations and jobs keep them, of which there may be a million: in order of name, and without the room
/// that a map has for more.
#[derive(Clone, Debug, Default)]
pub struct KeptTags(Option<Arc<[KeptTag]>>);

type KeptTag = (Box<str>, TagValue);

impl KeptTags {
    /// The tags, in order of name.
    pub fn iter(&self) -> impl Iterator<Item = &KeptTag> {
        self.0.iter().flat_map(|tags| tags.iter())
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// The same as a map.
    pub fn to_map(&self) -> Tags {
        self.iter().map(|(name, value)| (String::from(&**name), value.clone())).collect()
    }
}

impl From<Tags> for KeptTags {
    fn from(tags: Tags) -> Self {
        if tags.is_empty() {
            return Self(None);
        }
        Self(Some(tags.into_iter().map(|(name, value)| (name.into_boxed_str(), value)).collect()))
    }
}

/// The value of a tag.
///
/// ```
/// use xpm_core::TagValue;
/// assert_eq!(TagValue::from(0.9), TagValue::Float(0.9));
/// assert_eq!(TagValue::from("adam").to_string(), "adam");
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum TagValue {
    /// A boolean.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A float.
    Float(f64),
    /// A text; also an integer that is too large for `i64`.
    Text(String),
}

/// The value of a tag as JSON has it: its text is not copied unless it has to be.
#[derive(Debug)]
pub(crate) enum TagText<'t> {
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(Cow<'t, str>),
}

/// The name of what stands for a float that JSON has no number for.
const FLOAT: &str = "$float";

/// Plainly, but for floats that JSON has no number for: these are written as arguments are, `{"$float": "inf"}`.
impl Serialize for TagValue {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Bool(b) => to.serialize_bool(*b),
            Self::Int(i) => to.serialize_i64(*i),
            Self::Float(x) if x.is_finite() => to.serialize_f64(*x),
            Self::Float(x) => to.collect_map([(FLOAT, x.to_string())]),
            Self::Text(text) => to.serialize_str(text),
        }
    }
}

/// By hand, since what is untagged is tried variant by variant, and there may be 100,000 jobs with tags.
impl<'de> Deserialize<'de> for TagText<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(TagVisitor)
    }
}

impl<'de> Deserialize<'de> for TagValue {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(match TagText::deserialize(from)? {
            TagText::Bool(b) => Self::Bool(b),
            TagText::Int(i) => Self::Int(i),
            TagText::Float(x) => Self::Float(x),
            TagText::Text(text) => Self::Text(text.into_owned()),
        })
    }
}

struct TagVisitor;

impl<'de> Visitor<'de> for TagVisitor {
    type Value = TagText<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a boolean, a number or a text")
    }

    fn visit_bool<E>(self, b: bool) -> Result<TagText<'de>, E> {
        Ok(TagText::Bool(b))
    }

    fn visit_i64<E>(self, i: i64) -> Result<TagText<'de>, E> {
        Ok(TagText::Int(i))
    }

    fn visit_u64<E>(self, i: u64) -> Result<TagText<'de>, E> {
        Ok(i64::try_from(i).map_or(TagText::Float(i as f64), TagText::Int))
    }

    fn visit_f64<E>(self, x: f64) -> Result<TagText<'de>, E> {
        Ok(TagText::Float(x))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<TagText<'de>, E> {
        Ok(TagText::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<TagText<'de>, E> {
        Ok(TagText::Text(Cow::Owned(text.to_owned())))
    }

    /// What JSON has no number for.
    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<TagText<'de>, A::Error> {
        let wrong = || A::Error::custom("a tag is a boolean, a number or a text");
        let (name, text) = members.next_entry::<String, String>()?.ok_or_else(wrong)?;
        let number = text.parse().ok().filter(|_| name == FLOAT).ok_or_else(wrong)?;
        members.next_key::<String>()?.map_or(Ok(TagText::Float(number)), |_| Err(wrong()))
    }

    /// The same in older journals.
    fn visit_unit<E>(self) -> Result<TagText<'de>, E> {
        Ok(TagText::Float(f64::NAN))
    }
}

/// Calls `each` with the tags that a JSON object holds, in its order. What is no such object has none.
pub(crate) fn read_tags<'t>(json: &'t str, each: impl FnMut(&str, TagText<'t>)) {
    // What was called before the text turned out to be damaged were whole tags.
    let _ = serde_json::Deserializer::from_str(json).deserialize_map(EachTag(each));
}

struct EachTag<F>(F);

#[derive(Deserialize)]
struct TagName<'t>(#[serde(borrow)] Cow<'t, str>);

impl<'de, F: FnMut(&str, TagText<'de>)> Visitor<'de> for EachTag<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("tags by name")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut tags: A) -> Result<(), A::Error> {
        while let Some((TagName(name), value)) = tags.next_entry()? {
            (self.0)(&name, value);
        }
        Ok(())
    }
}

impl TagValue {
    /// What a marked argument shows as: scalars as they are, a variant by its name, anything else as its short text.
    pub(crate) fn of(value: &Value) -> Self {
        match value.unmarked() {
            Value::Bool(b) => Self::Bool(*b),
            Value::Int(i) => i64::try_from(*i).map_or_else(|_| Self::Text(i.to_string()), Self::Int),
            Value::Float(x) => Self::Float(*x),
            Value::Str(s) => Self::Text(s.to_string()),
            Value::Json(json) => match &**json {
                serde_json::Value::String(s) => Self::Text(s.clone()),
                other => Self::Text(other.to_string()),
            },
            Value::Config(node) | Value::Produced(_, node) => Self::Text(node.short_name().to_owned()),
            Value::Job(job) | Value::Promise(job) => Self::Text(job.key.to_string()),
            other => Self::Text(other.to_string()),
        }
    }
}

impl fmt::Display for TagValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(b) => write!(f, "{b}"),
            Self::Int(i) => write!(f, "{i}"),
            Self::Float(x) => write!(f, "{x:?}"),
            Self::Text(s) => f.write_str(s),
        }
    }
}

macro_rules! tag_value_from {
    ($($variant:ident: $($from:ty),*;)*) => {$($(
        impl From<$from> for TagValue {
            fn from(value: $from) -> Self {
                Self::$variant(value.into())
            }
        }
    )*)*};
}
tag_value_from! {
    Bool: bool;
    Int: i8, i16, i32, i64, u8, u16, u32;
    Float: f64;
    Text: String, &str, char;
}

impl From<f32> for TagValue {
    fn from(value: f32) -> Self {
        Self::Float(crate::value::widen(value))
    }
}

macro_rules! tag_value_from_wide {
    ($($from:ty),*) => {$(
        impl From<$from> for TagValue {
            fn from(value: $from) -> Self {
                i64::try_from(value).map_or_else(|_| Self::Text(value.to_string()), Self::Int)
            }
        }
    )*};
}
tag_value_from_wide!(u64, usize, isize, i128, u128);

/// A file name made of tags: `key=value` joined by `_` in order of key, unsafe characters as `%XX`.
///
/// Two different sets of tags never give one name: `_` is escaped in values, `=` in keys, and a text that reads as a
/// number or a boolean has its first character escaped. A name of over 200 bytes is cut and ends with a digest of the
/// whole. No tags give `untagged`.
///
/// ```
/// use xpm_core::{Tags, tags_path};
/// let tags = Tags::from([("k1".into(), 0.9.into()), ("b".into(), 0.4.into())]);
/// assert_eq!(tags_path(&tags), "b=0.4_k1=0.9");
/// ```
pub fn tags_path(tags: &Tags) -> String {
    if tags.is_empty() {
        return "untagged".to_owned();
    }
    let mut name = String::new();
    for (key, value) in tags {
        if !name.is_empty() {
            name.push('_');
        }
        escape(&mut name, key, |i, c| c == '_' || (c == '.' && i > 0), false);
        name.push('=');
        let text = value.to_string();
        let ambiguous = matches!(value, TagValue::Text(_)) && reads_as_scalar(&text);
        escape(&mut name, &text, |_, c| matches!(c, '.' | '+'), ambiguous);
    }
    shortened(name, LONGEST)
}

/// A name of at most so many bytes; of one that is longer, the beginning and a digest of the whole.
pub(crate) fn shortened(mut name: String, longest: usize) -> String {
    if name.len() > longest {
        let digest = Sha256::digest(name.as_bytes());
        name.truncate(name.floor_char_boundary(longest - 18));
        name.push_str("%~");
        for byte in &digest[..8] {
            name.push_str(&format!("{byte:02x}"));
        }
    }
    name
}

/// File systems allow 255 bytes; this leaves room for what a user puts behind.
const LONGEST: usize = 200;

fn escape(out: &mut String, text: &str, allowed: impl Fn(usize, char) -> bool, first: bool) {
    for (i, c) in text.char_indices() {
        if (c.is_alphanumeric() || c == '-' || allowed(i, c)) && !(first && i == 0) {
            out.push(c);
        } else {
            let mut buffer = [0; 4];
            for byte in c.encode_utf8(&mut buffer).bytes() {
                out.push_str(&format!("%{byte:02X}"));
            }
        }
    }
}

fn reads_as_scalar(text: &str) -> bool {
    text.parse::<f64>().is_ok() || text.parse::<bool>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_and_a_map_are_tags_in_one_order_however_they_are_kept() {
        use crate::config::Argument as _;
        use std::collections::{HashMap, HashSet};
        for _ in 0..10 {
            // Another order each time.
            let set: HashSet<u32> = [10, 9, 100].into();
            assert_eq!(TagValue::of(&set.to_value()), TagValue::Text("{9, 10, 100}".to_owned()));
            let map: HashMap<String, bool> = [("b".to_owned(), true), ("a".to_owned(), false)].into();
            assert_eq!(TagValue::of(&map.to_value()), TagValue::Text("{\"a\": false, \"b\": true}".to_owned()));
        }
    }

    #[test]
    fn values_read_back_as_they_were() {
        let tags = [
            TagValue::Bool(true),
            TagValue::Int(-3),
            TagValue::Float(3.0),
            TagValue::Float(1e300),
            TagValue::Float(f64::INFINITY),
            TagValue::Float(f64::NEG_INFINITY),
            TagValue::Text("inf".to_owned()),
            TagValue::Text("0.9".to_owned()),
        ];
        let text = serde_json::to_string(&tags).unwrap();
        assert_eq!(serde_json::from_str::<Vec<TagValue>>(&text).unwrap(), tags);
        let text = serde_json::to_string(&TagValue::Float(f64::NAN)).unwrap();
        assert!(matches!(serde_json::from_str(&text).unwrap(), TagValue::Float(x) if x.is_nan()), "{text}");
        // What older journals have for these does not spoil the others.
        let read: Vec<TagValue> = serde_json::from_str("[null, 1]").unwrap();
        assert!(matches!(read[0], TagValue::Float(x) if x.is_nan()) && read[1] == TagValue::Int(1));
        for wrong in ["[1]", "{}", r#"{"$float":"much"}"#, r#"{"other":"inf"}"#, r#"{"$float":"inf","more":"1"}"#] {
            assert!(serde_json::from_str::<TagValue>(wrong).is_err(), "{wrong}");
        }
    }
    use proptest::prelude::*;

    fn path(pairs: &[(&str, TagValue)]) -> String {
        tags_path(&pairs.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect())
    }

    #[test]
    fn names_are_readable_and_safe() {
        assert_eq!(path(&[("k1", 0.9.into()), ("b", 0.4.into())]), "b=0.4_k1=0.9");
        assert_eq!(path(&[("learning_rate", 1e-7.into())]), "learning_rate=1e-7");
        assert_eq!(path(&[("file", "a/b c".into())]), "file=a%2Fb%20c");
        assert_eq!(path(&[]), "untagged");
        assert_eq!(path(&[("n", "1".into())]), "n=%31");
        assert_eq!(path(&[("n", 1.into())]), "n=1");
        assert_ne!(path(&[("a", "1_b".into())]), path(&[("a", 1.into()), ("b", "".into())]));
        assert!(path(&[("..", "..".into())]).starts_with("%2E.="));
        let long = path(&[("a", "x".repeat(400).into())]);
        assert!(long.len() <= LONGEST && long != path(&[("a", "x".repeat(401).into())]));
    }

    proptest! {
        #[test]
        fn different_tags_never_share_a_name(a in tag_sets(), b in tag_sets()) {
            prop_assert_eq!(tags_path(&a) == tags_path(&b), a == b);
        }
    }

    fn tag_sets() -> impl Strategy<Value = Tags> {
        let value = prop_oneof![
            any::<bool>().prop_map(TagValue::Bool),
            (-2i64..3).prop_map(TagValue::Int),
            (-2i64..3).prop_map(|i| TagValue::Float(i as f64)),
            "[a_=/%.1]{0,3}".prop_map(TagValue::Text),
        ];
        proptest::collection::btree_map("[a_=/%.1]{0,3}", value, 0..4)
    }
}
