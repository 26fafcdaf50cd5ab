//! Objects: names and values in the order in which they were put in.

use std::{
    collections::HashMap,
    fmt,
    ops::{Index, IndexMut},
};

/// Objects with more members than this have a table of their names.
const LARGE: usize = 16;

/// A JSON object, or any table from names to `V`, in the order of insertion.
#[derive(Clone)]
pub struct Map<V = crate::Value> {
    entries: Vec<(String, V)>,
    /// Where each name stands; empty while there are few.
    places: HashMap<String, usize>,
}

impl<V> Map<V> {
    /// An object without members.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many members there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn place(&self, name: &str) -> Option<usize> {
        if self.entries.len() <= LARGE {
            return self.entries.iter().position(|(known, _)| known == name);
        }
        self.places.get(name).copied()
    }

    /// The value under a name.
    pub fn get(&self, name: &str) -> Option<&V> {
        self.entries.get(self.place(name)?).map(|(_, value)| value)
    }

    /// The value under a name, to be changed.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut V> {
        let place = self.place(name)?;
        self.entries.get_mut(place).map(|(_, value)| value)
    }

    /// Whether there is such a name.
    pub fn contains_key(&self, name: &str) -> bool {
        self.place(name).is_some()
    }

    /// Puts a value in; gives what stood under the name before, whose place it takes.
    pub fn insert(&mut self, name: impl Into<String>, value: V) -> Option<V> {
        let name = name.into();
        if let Some(place) = self.place(&name) {
            return self.entries.get_mut(place).map(|entry| std::mem::replace(&mut entry.1, value));
        }
        if self.entries.len() >= LARGE {
            if self.places.is_empty() {
                self.number();
            }
            self.places.insert(name.clone(), self.entries.len());
        }
        self.entries.push((name, value));
        None
    }

    fn number(&mut self) {
        self.places = self.entries.iter().enumerate().map(|(at, (name, _))| (name.clone(), at)).collect();
    }

    /// Takes a member out; the others keep their order.
    pub fn remove(&mut self, name: &str) -> Option<V> {
        let place = self.place(name)?;
        let (_, value) = self.entries.remove(place);
        self.places.clear();
        if self.entries.len() > LARGE {
            self.number();
        }
        Some(value)
    }

    /// The members in their order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&String, &V)> + ExactSizeIterator {
        self.entries.iter().map(|(name, value)| (name, value))
    }

    /// The names in their order.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &String> + ExactSizeIterator {
        self.entries.iter().map(|(name, _)| name)
    }

    /// The values in the order of their names.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &V> + ExactSizeIterator {
        self.entries.iter().map(|(_, value)| value)
    }
}

impl<V> Default for Map<V> {
    fn default() -> Self {
        Self { entries: Vec::new(), places: HashMap::new() }
    }
}

/// Equal where the same names have equal values, in whatever order.
impl<V: PartialEq> PartialEq for Map<V> {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().all(|(name, value)| other.get(name) == Some(value))
    }
}

impl<V: fmt::Debug> fmt::Debug for Map<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<V> Index<&str> for Map<V> {
    type Output = V;

    /// Panics where there is no such name; [`Map::get`] does not.
    #[track_caller]
    fn index(&self, name: &str) -> &V {
        match self.get(name) {
            Some(value) => value,
            None => panic!("there is no `{name}`"),
        }
    }
}

impl<V: Default> IndexMut<&str> for Map<V> {
    fn index_mut(&mut self, name: &str) -> &mut V {
        let place = self.place(name).unwrap_or_else(|| {
            self.insert(name, V::default());
            self.len() - 1
        });
        &mut self.entries[place].1
    }
}

impl<N: Into<String>, V> Extend<(N, V)> for Map<V> {
    fn extend<I: IntoIterator<Item = (N, V)>>(&mut self, members: I) {
        for (name, value) in members {
            self.insert(name, value);
        }
    }
}

impl<N: Into<String>, V> FromIterator<(N, V)> for Map<V> {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(members: I) -> Self {
        let mut map = Self::new();
        map.extend(members);
        map
    }
}

impl<V> IntoIterator for Map<V> {
    type Item = (String, V);
    type IntoIter = std::vec::IntoIter<(String, V)>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.into_iter()
    }
}

impl<'a, V> IntoIterator for &'a Map<V> {
    type Item = (&'a String, &'a V);
    type IntoIter = std::iter::Map<std::slice::Iter<'a, (String, V)>, fn(&'a (String, V)) -> Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.iter().map(|(name, value)| (name, value))
    }
}
