//! What becomes JSON and what is made of it.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque},
    fmt,
    hash::{BuildHasher, Hash},
    rc::Rc,
    sync::Arc,
};

use crate::{parse::parse, Error, Map, Number, Result, Value};

/// What a JSON value stands for: values, texts, numbers, lists, tables, tuples, options.
///
/// For a struct of a program's own, `json_struct!` writes this.
pub trait ToJson {
    /// The value.
    fn to_json(&self) -> Value;

    /// What stands under a name; null where nothing does.
    fn field(&self, name: &str) -> Value {
        self.to_json().get_mut(name).map(Value::take).unwrap_or_default()
    }

    /// Whether it is null or an option without value, which optional arguments leave out.
    #[doc(hidden)]
    fn is_absent(&self) -> bool {
        false
    }
}

/// What can be made of a JSON value.
pub trait FromJson: Sized {
    /// What kind of value is expected, in words.
    const WHAT: &'static str;

    /// Whether there is a value of it where the JSON has none.
    const NULLABLE: bool = false;

    /// Whether it can be made of this value, and if not, what is wrong and where.
    fn check(value: &Value) -> Fits;

    /// Makes it; `None` where it does not fit.
    fn from_json(value: Value) -> Option<Self>;
}

/// Whether a value fits.
pub type Fits = std::result::Result<(), Misfit>;

/// What does not fit, and where in the value it stands.
#[derive(Debug, Clone)]
pub struct Misfit {
    /// Such as `.items[3].name`; empty for the value itself.
    path: String,
    what: String,
}

impl Misfit {
    /// The value is another one than what is expected.
    pub fn new(value: &Value, expected: &str) -> Self {
        let what = match value {
            Value::Number(number) if expected.ends_with("number") => {
                format!("is {number}, not {expected} that fits")
            }
            value if value.kind() == expected => format!("is {expected} of another length"),
            value => format!("is {}, not {expected}", value.kind()),
        };
        Self { path: String::new(), what }
    }

    /// The member of an object is not there.
    pub fn absent(name: &str) -> Self {
        Self { path: format!(".{name}"), what: "is not there".to_owned() }
    }

    /// The same, seen from the object in which the value has this name.
    pub fn under(mut self, name: &str) -> Self {
        self.path.insert_str(0, &format!(".{name}"));
        self
    }

    fn at(mut self, place: usize) -> Self {
        self.path.insert_str(0, &format!("[{place}]"));
        self
    }
}

/// The end of a sentence about the value.
impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            f.write_str(&self.what)
        } else {
            write!(f, "does not fit: `{}` {}", self.path, self.what)
        }
    }
}

/// The value of anything that JSON can say.
pub fn to_value<T: ToJson + ?Sized>(value: &T) -> Value {
    value.to_json()
}

/// Compact JSON on one line.
pub fn to_string<T: ToJson + ?Sized>(value: &T) -> String {
    value.to_json().to_string()
}

/// JSON on indented lines.
pub fn to_string_pretty<T: ToJson + ?Sized>(value: &T) -> String {
    format!("{:#}", value.to_json())
}

/// Makes something of a value: `from_value::<Vec<String>>(value)`.
#[track_caller]
pub fn from_value<T: FromJson>(value: Value) -> Result<T> {
    let wrong = match T::check(&value) {
        Ok(()) => match T::from_json(value) {
            Some(made) => return Ok(made),
            None => format!("is not {}", T::WHAT),
        },
        Err(misfit) => misfit.to_string(),
    };
    Err(Error::new(format!("the value {wrong}")))
}

/// Reads JSON: `from_str::<Value>(text)`, or anything that can be made of it.
#[track_caller]
pub fn from_str<T: FromJson>(text: &str) -> Result<T> {
    match parse(text) {
        Ok(value) => from_value(value),
        Err(wrong) => {
            Err(Error::new(format!("the text is no JSON: {} at byte {}", wrong.what, wrong.at)))
        }
    }
}

impl std::str::FromStr for Value {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        from_str(text)
    }
}

impl ToJson for Value {
    fn to_json(&self) -> Value {
        self.clone()
    }

    fn field(&self, name: &str) -> Value {
        self[name].clone()
    }

    fn is_absent(&self) -> bool {
        self.is_null()
    }
}

impl FromJson for Value {
    const WHAT: &'static str = "a value";
    const NULLABLE: bool = true;

    fn check(_: &Value) -> Fits {
        Ok(())
    }

    fn from_json(value: Value) -> Option<Self> {
        Some(value)
    }
}

macro_rules! scalar {
    ($ty:ty, $what:literal, $read:expr, |$this:ident| $write:expr) => {
        impl ToJson for $ty {
            fn to_json(&self) -> Value {
                let $this = self;
                $write
            }
        }

        impl FromJson for $ty {
            const WHAT: &'static str = $what;

            fn check(value: &Value) -> Fits {
                let read: fn(&Value) -> Option<$ty> = $read;
                read(value).map(drop).ok_or_else(|| Misfit::new(value, $what))
            }

            fn from_json(value: Value) -> Option<Self> {
                let read: fn(&Value) -> Option<$ty> = $read;
                read(&value)
            }
        }
    };
}

macro_rules! integers {
    ($read:ident as $wide:ty: $($ty:ty)*) => { $(
        scalar!($ty, "a whole number", |value| <$ty>::try_from(value.$read()?).ok(),
            |this| Value::Number(Number::from(*this as $wide)));
    )* };
}

integers!(as_i64 as i64: i8 i16 i32 i64 isize);
integers!(as_u64 as u64: u8 u16 u32 u64 usize);
scalar!(f64, "a number", Value::as_f64, |this| Number::from_f64(*this).map_or(Value::Null, Value::Number));
scalar!(f32, "a number", |value| value.as_f64().map(|value| value as f32), |this| f64::from(*this).to_json());
scalar!(bool, "a truth value", Value::as_bool, |this| Value::Bool(*this));

impl ToJson for str {
    fn to_json(&self) -> Value {
        Value::String(self.to_owned())
    }
}

impl ToJson for String {
    fn to_json(&self) -> Value {
        Value::String(self.clone())
    }
}

impl FromJson for String {
    const WHAT: &'static str = "a text";

    fn check(value: &Value) -> Fits {
        if value.is_string() {
            Ok(())
        } else {
            Err(Misfit::new(value, Self::WHAT))
        }
    }

    fn from_json(value: Value) -> Option<Self> {
        if let Value::String(text) = value {
            Some(text)
        } else {
            None
        }
    }
}

impl ToJson for char {
    fn to_json(&self) -> Value {
        Value::String(self.to_string())
    }
}

impl ToJson for () {
    fn to_json(&self) -> Value {
        Value::Null
    }
}

impl<T: ToJson> ToJson for Option<T> {
    fn to_json(&self) -> Value {
        self.as_ref().map_or(Value::Null, T::to_json)
    }

    fn is_absent(&self) -> bool {
        self.is_none()
    }
}

impl<T: FromJson> FromJson for Option<T> {
    const WHAT: &'static str = T::WHAT;
    const NULLABLE: bool = true;

    fn check(value: &Value) -> Fits {
        if value.is_null() {
            Ok(())
        } else {
            T::check(value)
        }
    }

    fn from_json(value: Value) -> Option<Self> {
        if value.is_null() {
            Some(None)
        } else {
            T::from_json(value).map(Some)
        }
    }
}

macro_rules! pointers {
    ($($ty:ty)*) => { $(
        impl<T: ToJson + ?Sized> ToJson for $ty {
            fn to_json(&self) -> Value {
                (**self).to_json()
            }

            fn field(&self, name: &str) -> Value {
                (**self).field(name)
            }

            fn is_absent(&self) -> bool {
                (**self).is_absent()
            }
        }
    )* };
}

pointers!(&T &mut T Box<T> Rc<T> Arc<T>);

impl<T: ToJson + ToOwned + ?Sized> ToJson for Cow<'_, T> {
    fn to_json(&self) -> Value {
        (**self).to_json()
    }
}

impl<T: FromJson> FromJson for Box<T> {
    const WHAT: &'static str = T::WHAT;
    const NULLABLE: bool = T::NULLABLE;

    fn check(value: &Value) -> Fits {
        T::check(value)
    }

    fn from_json(value: Value) -> Option<Self> {
        T::from_json(value).map(Box::new)
    }
}

fn list<'a, T: ToJson + 'a>(items: impl Iterator<Item = &'a T>) -> Value {
    Value::Array(items.map(T::to_json).collect())
}

macro_rules! lists {
    ($([$($generics:tt)*] $ty:ty;)*) => { $(
        impl<T: ToJson, $($generics)*> ToJson for $ty {
            fn to_json(&self) -> Value {
                list(self.iter())
            }
        }
    )* };
}

lists! {
    [] [T];
    [const N: usize] [T; N];
    [] Vec<T>;
    [] VecDeque<T>;
    [] BTreeSet<T>;
}

/// In an order that is always the same.
impl<T: ToJson + Ord, S> ToJson for HashSet<T, S> {
    fn to_json(&self) -> Value {
        list(self.iter().collect::<BTreeSet<_>>().into_iter())
    }
}

impl<T: FromJson> FromJson for Vec<T> {
    const WHAT: &'static str = "a list";

    fn check(value: &Value) -> Fits {
        let items = value.as_array().ok_or_else(|| Misfit::new(value, Self::WHAT))?;
        items.iter().enumerate().try_for_each(|(at, item)| T::check(item).map_err(|misfit| misfit.at(at)))
    }

    fn from_json(value: Value) -> Option<Self> {
        if let Value::Array(items) = value {
            items.into_iter().map(T::from_json).collect()
        } else {
            None
        }
    }
}

fn check_members<T: FromJson>(value: &Value) -> Fits {
    let map = value.as_object().ok_or_else(|| Misfit::new(value, "an object"))?;
    map.iter().try_for_each(|(name, value)| T::check(value).map_err(|misfit| misfit.under(name)))
}

fn members<T: FromJson, M: FromIterator<(String, T)>>(value: Value) -> Option<M> {
    let Value::Object(map) = value else { return None };
    map.into_iter().map(|(name, value)| Some((name, T::from_json(value)?))).collect()
}

macro_rules! tables {
    ($([$($bound:tt)*] $ty:ty;)*) => { $(
        impl<T: FromJson, $($bound)*> FromJson for $ty {
            const WHAT: &'static str = "an object";

            fn check(value: &Value) -> Fits {
                check_members::<T>(value)
            }

            fn from_json(value: Value) -> Option<Self> {
                members(value)
            }
        }
    )* };
}

tables! {
    [] Map<T>;
    [] BTreeMap<String, T>;
    [S: BuildHasher + Default] HashMap<String, T, S>;
}

impl<T: ToJson> ToJson for Map<T> {
    fn to_json(&self) -> Value {
        Value::Object(self.iter().map(|(name, value)| (name, value.to_json())).collect())
    }
}

impl<K: ToString, T: ToJson> ToJson for BTreeMap<K, T> {
    fn to_json(&self) -> Value {
        Value::Object(self.iter().map(|(name, value)| (name.to_string(), value.to_json())).collect())
    }
}

/// In the order of the names, which is always the same.
impl<K: ToString + Hash + Eq, T: ToJson, S> ToJson for HashMap<K, T, S> {
    fn to_json(&self) -> Value {
        let sorted: BTreeMap<String, &T> =
            self.iter().map(|(name, value)| (name.to_string(), value)).collect();
        sorted.to_json()
    }
}

macro_rules! tuples {
    ($(($($name:ident $at:tt),+) $count:literal)*) => { $(
        impl<$($name: ToJson),+> ToJson for ($($name,)+) {
            fn to_json(&self) -> Value {
                Value::Array(vec![$(self.$at.to_json()),+])
            }
        }

        impl<$($name: FromJson),+> FromJson for ($($name,)+) {
            const WHAT: &'static str = "a list";

            fn check(value: &Value) -> Fits {
                if !value.is_array() || value.items().len() != $count {
                    return Err(Misfit::new(value, Self::WHAT));
                }
                $( $name::check(&value[$at]).map_err(|misfit| misfit.at($at))?; )+
                Ok(())
            }

            fn from_json(value: Value) -> Option<Self> {
                let Value::Array(items) = value else { return None };
                let mut items = items.into_iter();
                Some(($($name::from_json(items.next()?)?,)+))
            }
        }
    )* };
}

tuples! {
    (A 0) 1
    (A 0, B 1) 2
    (A 0, B 1, C 2) 3
    (A 0, B 1, C 2, D 3) 4
    (A 0, B 1, C 2, D 3, E 4) 5
    (A 0, B 1, C 2, D 3, E 4, F 5) 6
}
