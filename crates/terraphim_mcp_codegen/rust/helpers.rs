//! Small helpers for lists of records. `by` is the name of a field or a closure such as
//! `|item: &Value| item["score"].clone()`, whose argument needs its type.

use std::{cmp::Ordering, collections::HashSet};

use crate::{Map, ToJson, Value};

/// What a list is ordered or grouped by.
pub trait By<T> {
    /// The key of an item; null where it has none.
    fn key(&self, item: &T) -> Value;
}

impl<T: ToJson> By<T> for &str {
    fn key(&self, item: &T) -> Value {
        item.field(self)
    }
}

impl<T: ToJson> By<T> for String {
    fn key(&self, item: &T) -> Value {
        item.field(self)
    }
}

impl<T, K: ToJson, F: Fn(&T) -> K> By<T> for F {
    fn key(&self, item: &T) -> Value {
        self(item).to_json()
    }
}

/// Which way a list is sorted; the texts `"asc"` and `"desc"` say the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The smallest first.
    Asc,
    /// The greatest first.
    Desc,
}

impl From<&str> for Order {
    fn from(text: &str) -> Self {
        if text == "desc" {
            Self::Desc
        } else {
            Self::Asc
        }
    }
}

fn name_of(key: Value) -> String {
    match key {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

/// The items of each key, in the order in which the keys first come.
pub fn group_by<T: Clone>(items: &[T], by: impl By<T>) -> Map<Vec<T>> {
    let mut groups: Map<Vec<T>> = Map::new();
    for item in items {
        groups[&name_of(by.key(item))].push(item.clone());
    }
    groups
}

/// How many items each key has, in the order in which the keys first come.
pub fn count_by<T>(items: &[T], by: impl By<T>) -> Map<usize> {
    let mut counts: Map<usize> = Map::new();
    for item in items {
        counts[&name_of(by.key(item))] += 1;
    }
    counts
}

/// The sum of a number of each item; a text that is a number counts as it, anything else as 0.
pub fn sum_by<T>(items: &[T], by: impl By<T>) -> f64 {
    items.iter().map(|item| number(&by.key(item))).sum()
}

fn number(value: &Value) -> f64 {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        Value::Bool(value) => Some(f64::from(u8::from(*value))),
        _ => None,
    };
    number.filter(|number| !number.is_nan()).unwrap_or(0.0)
}

/// A sorted copy; what has no such key stands last, with `Order::Desc` first. Equal ones keep
/// their order.
pub fn sort_by<T: Clone>(items: &[T], by: impl By<T>, order: impl Into<Order>) -> Vec<T> {
    let order = order.into();
    let mut keyed: Vec<(Value, &T)> = items.iter().map(|item| (by.key(item), item)).collect();
    keyed.sort_by(|(one, _), (other, _)| match order {
        Order::Asc => compare(one, other),
        Order::Desc => compare(other, one),
    });
    keyed.into_iter().map(|(_, item)| item.clone()).collect()
}

/// Truth values, numbers, texts, lists and objects, and null behind them all.
fn compare(one: &Value, other: &Value) -> Ordering {
    let rank = |value: &Value| match value {
        Value::Bool(_) => 0,
        Value::Number(_) => 1,
        Value::String(_) => 2,
        Value::Array(_) => 3,
        Value::Object(_) => 4,
        Value::Null => 5,
    };
    match (one, other) {
        (Value::Bool(one), Value::Bool(other)) => one.cmp(other),
        (Value::Number(one), Value::Number(other)) => match (one.as_i64(), other.as_i64()) {
            (Some(one), Some(other)) => one.cmp(&other),
            _ => one.as_f64().partial_cmp(&other.as_f64()).unwrap_or(Ordering::Equal),
        },
        (Value::String(one), Value::String(other)) => one.cmp(other),
        (Value::Array(one), Value::Array(other)) => {
            let pairs = one.iter().zip(other).map(|(one, other)| compare(one, other));
            pairs.fold(Ordering::Equal, Ordering::then).then(one.len().cmp(&other.len()))
        }
        _ => rank(one).cmp(&rank(other)),
    }
}

/// The `n` items with the greatest keys, the greatest first; those without a key are left out.
pub fn top_n<T: Clone>(items: &[T], n: usize, by: impl By<T>) -> Vec<T> {
    let known: Vec<T> = items.iter().filter(|item| !by.key(item).is_null()).cloned().collect();
    let mut sorted = sort_by(&known, by, Order::Desc);
    sorted.truncate(n);
    sorted
}

/// The first item of each key.
pub fn uniq_by<T: Clone>(items: &[T], by: impl By<T>) -> Vec<T> {
    let mut seen = HashSet::new();
    items.iter().filter(|item| seen.insert(by.key(item).to_string())).cloned().collect()
}

/// Lists of `size` items, the last one shorter. Panics for a size of 0.
#[track_caller]
pub fn chunk<T: Clone>(items: &[T], size: usize) -> Vec<Vec<T>> {
    assert!(size >= 1, "chunk needs a size of at least 1");
    items.chunks(size).map(<[T]>::to_vec).collect()
}

/// An object of only these members, in the order of the names.
pub fn pick<T: ToJson + ?Sized>(item: &T, names: &[&str]) -> Value {
    let item = item.to_json();
    let kept = names.iter().filter_map(|name| Some((*name, item.get(name)?.clone())));
    Value::Object(kept.collect())
}

/// The object without these members.
pub fn omit<T: ToJson + ?Sized>(item: &T, names: &[&str]) -> Value {
    match item.to_json() {
        Value::Object(map) => {
            Value::Object(map.into_iter().filter(|(name, _)| !names.contains(&name.as_str())).collect())
        }
        _ => Value::Object(Map::new()),
    }
}
