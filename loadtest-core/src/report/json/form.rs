//! How values are written and read: one form for each type, so that what is written is what is read.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value};

/// The last second that RFC 3339 can write.
const LAST_SECOND: u64 = 253_402_300_799;

/// What is wrong with a value, and where it stands.
#[derive(Debug)]
pub(super) struct Wrong {
    place: String,
    what: String,
}

impl Wrong {
    pub(super) fn new(what: impl Into<String>) -> Self {
        Self { place: String::new(), what: what.into() }
    }

    fn expected(what: &str, value: &Value) -> Self {
        let found = match value {
            Value::Null => "nothing",
            Value::Bool(_) => "true or false",
            Value::Number(_) => "another number",
            Value::String(_) => "a text",
            Value::Array(_) => "a list",
            Value::Object(_) => "an object",
        };
        Self::new(format!("here should be {what}, and there is {found}"))
    }

    /// It stands inside of this.
    fn inside(self, place: &str) -> Self {
        let dot = if self.place.is_empty() || self.place.starts_with('[') { "" } else { "." };
        Self { place: format!("{place}{dot}{}", self.place), what: self.what }
    }

    pub(super) fn sentence(&self) -> String {
        if self.place.is_empty() { self.what.clone() } else { format!("{}: {}", self.place, self.what) }
    }
}

/// A type with a form in JSON.
pub(super) trait Json: Sized {
    fn write<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error>;
    fn read(value: Value) -> Result<Self, Wrong>;
}

/// A value, to be written.
pub(super) struct As<'a, T>(pub(super) &'a T);

impl<T: Json> Serialize for As<'_, T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.0.write(to)
    }
}

/// A type that is an object, or a part of one.
pub(super) trait Fields: Sized {
    fn write_fields<M: SerializeMap>(&self, to: &mut M) -> Result<(), M::Error>;
    fn read_fields(from: &mut Object) -> Result<Self, Wrong>;
}

impl<T: Fields> Json for T {
    fn write<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(None)?;
        self.write_fields(&mut map)?;
        map.end()
    }

    fn read(value: Value) -> Result<Self, Wrong> {
        Self::read_fields(&mut Object::of(value)?)
    }
}

impl<T: Fields> Fields for Arc<T> {
    fn write_fields<M: SerializeMap>(&self, to: &mut M) -> Result<(), M::Error> {
        (**self).write_fields(to)
    }

    fn read_fields(from: &mut Object) -> Result<Self, Wrong> {
        T::read_fields(from).map(Self::new)
    }
}

impl<T: Fields> Fields for Box<T> {
    fn write_fields<M: SerializeMap>(&self, to: &mut M) -> Result<(), M::Error> {
        (**self).write_fields(to)
    }

    fn read_fields(from: &mut Object) -> Result<Self, Wrong> {
        T::read_fields(from).map(Self::new)
    }
}

/// An object that is read: fields that nobody asks for are left alone.
pub(super) struct Object(Map<String, Value>);

impl Object {
    pub(super) fn of(value: Value) -> Result<Self, Wrong> {
        match value {
            Value::Object(map) => Ok(Self(map)),
            other => Err(Wrong::expected("an object", &other)),
        }
    }

    /// What is not there is read as null.
    pub(super) fn take<T: Json>(&mut self, name: &str) -> Result<T, Wrong> {
        T::read(self.0.remove(name).unwrap_or_default()).map_err(|wrong| wrong.inside(name))
    }
}

/// The name of a field in JSON: its own, or another.
macro_rules! name {
    ($field:ident) => {
        stringify!($field)
    };
    ($field:ident $name:literal) => {
        $name
    };
}

/// The form of a struct: the fields that are part of the same object, then those that have a name in it.
macro_rules! object {
    ($type:ty [$($flat:ident),*] { $($field:ident $(as $name:literal)?),* $(,)? }) => {
        impl $crate::report::json::form::Fields for $type {
            fn write_fields<M: serde::ser::SerializeMap>(&self, to: &mut M) -> Result<(), M::Error> {
                $($crate::report::json::form::Fields::write_fields(&self.$flat, to)?;)*
                $(to.serialize_entry(
                    $crate::report::json::form::name!($field $($name)?),
                    &$crate::report::json::form::As(&self.$field),
                )?;)*
                Ok(())
            }

            fn read_fields(
                from: &mut $crate::report::json::form::Object,
            ) -> Result<Self, $crate::report::json::form::Wrong> {
                Ok(Self {
                    $($flat: $crate::report::json::form::Fields::read_fields(from)?,)*
                    $($field: from.take($crate::report::json::form::name!($field $($name)?))?,)*
                })
            }
        }
    };
}
pub(super) use {name, object};

macro_rules! whole_numbers {
    ($($type:ty),*) => {$(
        impl Json for $type {
            fn write<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                self.serialize(to)
            }

            fn read(value: Value) -> Result<Self, Wrong> {
                let number = value.as_u64().and_then(|number| Self::try_from(number).ok());
                number.ok_or_else(|| Wrong::expected(concat!("a whole number that is a ", stringify!($type)), &value))
            }
        }
    )*};
}
whole_numbers!(u8, u16, u32, u64, usize);

/// Numbers of 128 bits, which few readers of JSON know, are texts.
macro_rules! large_numbers {
    ($($type:ty),*) => {$(
        impl Json for $type {
            fn write<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }

            fn read(value: Value) -> Result<Self, Wrong> {
                let number = value.as_str().and_then(|text| text.parse().ok());
                number.ok_or_else(|| Wrong::expected("a whole number as a text", &value))
            }
        }
    )*};
}
large_numbers!(i128, u128);

impl Json for bool {
    fn write<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_bool(*self)
    }

    fn read(value: Value) -> Result<Self, Wrong> {
        value.as_bool().ok_or_else(|| Wrong::expected("true or false", &value))
    }
}

impl Json for f64 {
    fn write<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_f64(*self)
    }

    fn read(value: Value) -> Result<Self, Wrong> {
        value.as_f64().ok_or_else(|| Wrong::expected("a number", &value))
    }
}

impl Json for String {
    fn write<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self)
    }

    fn read(value: Value) -> Result<Self, Wrong> {
        match value {
            Value::String(text) => Ok(text),
            other => Err(Wrong::expected("a text", &other)),
        }
    }
}

macro_rules! texts {
    ($($type:ty),*) => {$(
        impl Json for $type {
            fn write<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(self)
            }

            fn read(value: Value) -> Result<Self, Wrong> {
                String::read(value).map(Self::from)
            }
        }
    )*};
}
texts!(Box<str>, Arc<str>);

/// Nanoseconds.
impl Json for Duration {
    fn write<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u64(u64::try_from(self.as_nanos()).unwrap_or(u64::MAX))
    }

    fn read(value: Value) -> Result<Self, Wrong> {
        u64::read(value).map(Self::from_nanos)
    }
}

/// RFC 3339, to the nanosecond, in UTC.
impl Json for SystemTime {
    fn write<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let since = self.duration_since(UNIX_EPOCH).unwrap_or_default().min(Duration::from_secs(LAST_SECOND));
        to.collect_str(&humantime::format_rfc3339_nanos(UNIX_EPOCH + since))
    }

    fn read(value: Value) -> Result<Self, Wrong> {
        let time = value.as_str().and_then(|text| humantime::parse_rfc3339(text).ok());
        time.ok_or_else(|| Wrong::expected("a time such as 2026-01-31T12:00:00.5Z", &value))
    }
}

impl<T: Json> Json for Option<T> {
    fn write<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Some(value) => value.write(to),
            None => to.serialize_none(),
        }
    }

    fn read(value: Value) -> Result<Self, Wrong> {
        if value.is_null() { Ok(None) } else { T::read(value).map(Some) }
    }
}

/// What is not there is an empty list: a later writer may have less to say.
impl<T: Json> Json for Vec<T> {
    fn write<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.iter().map(As))
    }

    fn read(value: Value) -> Result<Self, Wrong> {
        match value {
            Value::Null => Ok(Self::new()),
            Value::Array(values) => {
                let read = |(index, value)| T::read(value).map_err(|wrong| wrong.inside(&format!("[{index}]")));
                values.into_iter().enumerate().map(read).collect()
            }
            other => Err(Wrong::expected("a list", &other)),
        }
    }
}

/// Two in a list.
impl<A: Json, B: Json> Json for (A, B) {
    fn write<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        (As(&self.0), As(&self.1)).serialize(to)
    }

    fn read(value: Value) -> Result<Self, Wrong> {
        match value {
            Value::Array(values) => match <[Value; 2]>::try_from(values) {
                Ok([one, other]) => Ok((A::read(one)?, B::read(other)?)),
                Err(_) => Err(Wrong::new("here should be a list of two")),
            },
            other => Err(Wrong::expected("a list of two", &other)),
        }
    }
}
