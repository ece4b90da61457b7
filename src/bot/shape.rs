//! Values that people may write in more than one shape: a text, a list, or keys. Unlike an untagged enum this
//! keeps the place and the cause of a mistake.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Unexpected, Visitor};

/// Something that is written in several shapes.
pub trait Shape: Sized {
    /// What it can be, for a complaint that ends in "write …".
    const WRITE: &'static str;
    /// What stands in its list.
    type Item: for<'de> Deserialize<'de>;
    /// What stands in its keys.
    type Keys: for<'de> Deserialize<'de>;

    /// Whether it can be a list.
    const LIST: bool = false;
    /// Whether it can be keys.
    const KEYS: bool = false;

    /// From a text.
    fn of_text(text: String) -> Option<Self>;

    /// From `true` or `false`.
    fn of_flag(_: bool) -> Option<Self> {
        None
    }

    /// From a list.
    fn of_list(_: Vec<Self::Item>) -> Option<Self> {
        None
    }

    /// From keys.
    fn of_keys(_: Self::Keys) -> Option<Self> {
        None
    }
}

/// A text, or several that take turns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variants(pub Vec<String>);

impl Shape for Variants {
    const WRITE: &'static str = "a text, in quotes if need be, or a list of texts";
    const LIST: bool = true;
    type Item = String;
    type Keys = IgnoredAny;

    fn of_text(text: String) -> Option<Self> {
        Some(Self(vec![text]))
    }

    fn of_list(list: Vec<String>) -> Option<Self> {
        Some(Self(list))
    }
}

impl<'de> Deserialize<'de> for Variants {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        shaped(deserializer)
    }
}

/// A value in one of its shapes.
///
/// # Errors
/// When it has none of them, or does not fit it.
pub fn shaped<'de, T: Shape, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    deserializer.deserialize_any(Shapes(PhantomData))
}

struct Shapes<T>(PhantomData<T>);

impl<'de, T: Shape> Visitor<'de> for Shapes<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::WRITE)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        let unexpected = Unexpected::Str(text);
        T::of_text(text.to_owned()).ok_or_else(|| E::invalid_type(unexpected, &self))
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<T, E> {
        T::of_flag(flag).ok_or_else(|| E::invalid_type(Unexpected::Bool(flag), &self))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<T, A::Error> {
        if !T::LIST {
            return Err(A::Error::invalid_type(Unexpected::Seq, &self));
        }
        let list = Vec::deserialize(SeqAccessDeserializer::new(seq))?;
        T::of_list(list).ok_or_else(|| A::Error::invalid_type(Unexpected::Seq, &self))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        if !T::KEYS {
            return Err(A::Error::invalid_type(Unexpected::Map, &self));
        }
        let keys = T::Keys::deserialize(MapAccessDeserializer::new(map))?;
        T::of_keys(keys).ok_or_else(|| A::Error::invalid_type(Unexpected::Map, &self))
    }
}
