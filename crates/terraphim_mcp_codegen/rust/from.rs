//! Values from plain types by `into()`, and comparisons with them.

use std::collections::{BTreeMap, HashMap};

use crate::{Map, Number, ToJson, Value};

macro_rules! by_json {
    ($([$($generics:tt)*] $ty:ty;)*) => { $(
        impl<$($generics)*> From<$ty> for Value {
            fn from(value: $ty) -> Self {
                value.to_json()
            }
        }
    )* };
}

by_json! {
    [] bool;
    [] i8;
    [] i16;
    [] i32;
    [] i64;
    [] isize;
    [] u8;
    [] u16;
    [] u32;
    [] u64;
    [] usize;
    [] f32;
    [] f64;
    [] char;
    [] &str;
    [] &String;
    [] ();
    [T: ToJson] &[T];
    [T: ToJson, const N: usize] [T; N];
    [T: ToJson, const N: usize] &[T; N];
    [T: ToJson] BTreeMap<String, T>;
    [T: ToJson, S] HashMap<String, T, S>;
    [A: ToJson, B: ToJson] (A, B);
    [A: ToJson, B: ToJson, C: ToJson] (A, B, C);
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::String(text)
    }
}

impl From<&Value> for Value {
    fn from(value: &Value) -> Self {
        value.clone()
    }
}

impl From<Number> for Value {
    fn from(number: Number) -> Self {
        Self::Number(number)
    }
}

impl From<Map> for Value {
    fn from(map: Map) -> Self {
        Self::Object(map)
    }
}

impl<T: Into<Value>> From<Vec<T>> for Value {
    fn from(items: Vec<T>) -> Self {
        Self::Array(items.into_iter().map(Into::into).collect())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl<T: Into<Value>> FromIterator<T> for Value {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Self::Array(items.into_iter().map(Into::into).collect())
    }
}

macro_rules! equal {
    ($($ty:ty, |$value:ident, $other:ident| $test:expr;)*) => { $(
        impl PartialEq<$ty> for Value {
            fn eq(&self, $other: &$ty) -> bool {
                let $value = self;
                $test
            }
        }

        impl PartialEq<Value> for $ty {
            fn eq(&self, other: &Value) -> bool {
                other == self
            }
        }
    )* };
}

equal! {
    str, |value, other| value.as_str() == Some(other);
    &str, |value, other| value.as_str() == Some(*other);
    String, |value, other| value.as_str() == Some(other.as_str());
    bool, |value, other| value.as_bool() == Some(*other);
    i32, |value, other| value.as_i64() == Some(i64::from(*other));
    i64, |value, other| value.as_i64() == Some(*other);
    u64, |value, other| value.as_u64() == Some(*other);
    usize, |value, other| value.as_u64() == Some(*other as u64);
    f64, |value, other| value.as_f64() == Some(*other);
}
