//! The value that any JSON text stands for.

use std::ops::{Index, IndexMut};

use crate::{Map, Number};

/// Any JSON value. `value["name"]` and `value[0]` give what is there, else [`Value::Null`].
#[derive(Clone, Default, PartialEq)]
pub enum Value {
    /// `null`.
    #[default]
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A text.
    String(String),
    /// A list.
    Array(Vec<Value>),
    /// An object.
    Object(Map),
}

/// What is where nothing is.
static NULL: Value = Value::Null;

impl Value {
    /// Whether it is `null`.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Whether it is `true` or `false`.
    pub fn is_boolean(&self) -> bool {
        matches!(self, Self::Bool(_))
    }

    /// Whether it is a number.
    pub fn is_number(&self) -> bool {
        matches!(self, Self::Number(_))
    }

    /// Whether it is a text.
    pub fn is_string(&self) -> bool {
        matches!(self, Self::String(_))
    }

    /// Whether it is a list.
    pub fn is_array(&self) -> bool {
        matches!(self, Self::Array(_))
    }

    /// Whether it is an object.
    pub fn is_object(&self) -> bool {
        matches!(self, Self::Object(_))
    }

    /// The truth value.
    pub fn as_bool(&self) -> Option<bool> {
        if let Self::Bool(value) = self {
            Some(*value)
        } else {
            None
        }
    }

    /// The integer that fits, also where it is written as `3.0`.
    pub fn as_i64(&self) -> Option<i64> {
        if let Self::Number(number) = self {
            number.as_i64()
        } else {
            None
        }
    }

    /// The integer that fits and is not below 0.
    pub fn as_u64(&self) -> Option<u64> {
        if let Self::Number(number) = self {
            number.as_u64()
        } else {
            None
        }
    }

    /// The number, whole or not.
    pub fn as_f64(&self) -> Option<f64> {
        if let Self::Number(number) = self {
            number.as_f64()
        } else {
            None
        }
    }

    /// The text.
    pub fn as_str(&self) -> Option<&str> {
        if let Self::String(text) = self {
            Some(text)
        } else {
            None
        }
    }

    /// The list.
    pub fn as_array(&self) -> Option<&Vec<Value>> {
        if let Self::Array(items) = self {
            Some(items)
        } else {
            None
        }
    }

    /// The list, to be changed.
    pub fn as_array_mut(&mut self) -> Option<&mut Vec<Value>> {
        if let Self::Array(items) = self {
            Some(items)
        } else {
            None
        }
    }

    /// The object.
    pub fn as_object(&self) -> Option<&Map> {
        if let Self::Object(map) = self {
            Some(map)
        } else {
            None
        }
    }

    /// The object, to be changed.
    pub fn as_object_mut(&mut self) -> Option<&mut Map> {
        if let Self::Object(map) = self {
            Some(map)
        } else {
            None
        }
    }

    /// The items of a list; nothing else has any.
    pub fn items(&self) -> &[Value] {
        self.as_array().map_or(&[], Vec::as_slice)
    }

    /// What stands under a name of an object or at a place of a list.
    pub fn get(&self, at: impl Place) -> Option<&Value> {
        at.of(self)
    }

    /// The same, to be changed.
    pub fn get_mut(&mut self, at: impl Place) -> Option<&mut Value> {
        at.of_mut(self)
    }

    /// What a JSON pointer such as `/items/0/name` leads to.
    pub fn pointer(&self, path: &str) -> Option<&Value> {
        if path.is_empty() {
            return Some(self);
        }
        let mut value = self;
        for step in path.strip_prefix('/')?.split('/') {
            let step = step.replace("~1", "/").replace("~0", "~");
            value = match value {
                Self::Array(items) => items.get(step.parse::<usize>().ok()?)?,
                Self::Object(map) => map.get(&step)?,
                _ => return None,
            };
        }
        Some(value)
    }

    /// The value, which leaves `null` behind.
    pub fn take(&mut self) -> Value {
        std::mem::take(self)
    }

    /// What kind of value it is, in words.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a truth value",
            Self::Number(_) => "a number",
            Self::String(_) => "a text",
            Self::Array(_) => "a list",
            Self::Object(_) => "an object",
        }
    }
}

/// A place in a list (`usize`) or a name in an object (`&str`).
pub trait Place {
    /// What is there.
    fn of<'v>(&self, value: &'v Value) -> Option<&'v Value>;
    /// What is there, to be changed.
    fn of_mut<'v>(&self, value: &'v mut Value) -> Option<&'v mut Value>;
    /// What is there, made where an object can hold it.
    #[track_caller]
    fn make<'v>(&self, value: &'v mut Value) -> &'v mut Value;
}

impl Place for usize {
    fn of<'v>(&self, value: &'v Value) -> Option<&'v Value> {
        value.as_array()?.get(*self)
    }

    fn of_mut<'v>(&self, value: &'v mut Value) -> Option<&'v mut Value> {
        value.as_array_mut()?.get_mut(*self)
    }

    #[track_caller]
    fn make<'v>(&self, value: &'v mut Value) -> &'v mut Value {
        let kind = value.kind();
        match self.of_mut(value) {
            Some(item) => item,
            None => panic!("there is no place {self} in {kind}"),
        }
    }
}

impl Place for str {
    fn of<'v>(&self, value: &'v Value) -> Option<&'v Value> {
        value.as_object()?.get(self)
    }

    fn of_mut<'v>(&self, value: &'v mut Value) -> Option<&'v mut Value> {
        value.as_object_mut()?.get_mut(self)
    }

    #[track_caller]
    fn make<'v>(&self, value: &'v mut Value) -> &'v mut Value {
        if value.is_null() {
            *value = Value::Object(Map::new());
        }
        let kind = value.kind();
        match value {
            Value::Object(map) => &mut map[self],
            _ => panic!("`{self}` cannot be put into {kind}"),
        }
    }
}

impl Place for String {
    fn of<'v>(&self, value: &'v Value) -> Option<&'v Value> {
        self.as_str().of(value)
    }

    fn of_mut<'v>(&self, value: &'v mut Value) -> Option<&'v mut Value> {
        self.as_str().of_mut(value)
    }

    #[track_caller]
    fn make<'v>(&self, value: &'v mut Value) -> &'v mut Value {
        self.as_str().make(value)
    }
}

impl<P: Place + ?Sized> Place for &P {
    fn of<'v>(&self, value: &'v Value) -> Option<&'v Value> {
        (**self).of(value)
    }

    fn of_mut<'v>(&self, value: &'v mut Value) -> Option<&'v mut Value> {
        (**self).of_mut(value)
    }

    #[track_caller]
    fn make<'v>(&self, value: &'v mut Value) -> &'v mut Value {
        (**self).make(value)
    }
}

impl<P: Place> Index<P> for Value {
    type Output = Value;

    fn index(&self, at: P) -> &Value {
        at.of(self).unwrap_or(&NULL)
    }
}

impl<P: Place> IndexMut<P> for Value {
    /// A name that is not there is made; null becomes an object. Panics for other places that are not there.
    #[track_caller]
    fn index_mut(&mut self, at: P) -> &mut Value {
        at.make(self)
    }
}
