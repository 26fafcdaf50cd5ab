//! How structs become objects and are made of them: the code behind generated modules, in one place.

use std::{collections::BTreeSet, fmt, sync::Mutex};

use crate::{
    convert::{Fits, Misfit},
    FromJson, Map, ToJson, Value,
};

/// An object of fields: name in JSON, whether it is there even as null, value. `other` follows.
pub fn object(fields: &[(&str, bool, &dyn ToJson)], other: Option<&Map>) -> Value {
    let shown = fields.iter().filter(|(_, always, value)| *always || !value.is_absent());
    let mut map: Map = shown.map(|(name, _, value)| (*name, value.to_json())).collect();
    for (name, value) in other.into_iter().flatten() {
        map.insert(name, value.clone());
    }
    Value::Object(map)
}

/// Shows a struct by its JSON.
pub fn debug(name: &str, value: &dyn ToJson, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "{name} {}", value.to_json())
}

/// Whether a value is an object.
pub fn check_object(value: &Value) -> Fits {
    if value.is_object() {
        Ok(())
    } else {
        Err(Misfit::new(value, "an object"))
    }
}

/// Whether the member of an object is what a field takes.
pub fn check_field<T: FromJson>(object: &Value, name: &str) -> Fits {
    match object.get(name) {
        Some(value) => T::check(value).map_err(|misfit| misfit.under(name)),
        None if T::NULLABLE => Ok(()),
        None => Err(Misfit::absent(name)),
    }
}

/// The last of the names that a field has, without the mark of a raw identifier.
pub fn key<'n>(names: &[&'n str]) -> &'n str {
    match names {
        [name] => name.strip_prefix("r#").unwrap_or(name),
        names => names.last().copied().unwrap_or_default(),
    }
}

/// The members of an object, taken one by one.
pub struct Fields {
    of: &'static str,
    members: Vec<(String, Option<Value>)>,
    /// Where the next one is likely to stand.
    next: usize,
}

impl Fields {
    /// The members of `value`, for the struct `of`; `None` where it is no object.
    pub fn new(value: Value, of: &'static str) -> Option<Self> {
        let Value::Object(map) = value else { return None };
        let members = map.into_iter().map(|(name, value)| (name, Some(value))).collect();
        Some(Self { of, members, next: 0 })
    }

    fn slot(&mut self, name: &str) -> Option<&mut Option<Value>> {
        let (before, after) = (0..self.next, self.next..self.members.len());
        let at = after.chain(before).find(|at| self.members[*at].0 == name)?;
        self.next = at + 1;
        Some(&mut self.members[at].1)
    }

    /// The field `name`. Where it is missing or does not fit, its default is given, a line on
    /// standard error says so once, and what is there stays for [`Fields::rest`].
    pub fn take<T: FromJson + Default>(&mut self, name: &'static str) -> T {
        let of = self.of;
        let wrong = match self.slot(name) {
            None | Some(None) if T::NULLABLE => return T::default(),
            None | Some(None) => "is not there".to_owned(),
            Some(slot) => match slot.take() {
                None => return T::default(),
                Some(value) => match T::check(&value) {
                    Ok(()) => return T::from_json(value).unwrap_or_default(),
                    Err(misfit) => {
                        *slot = Some(value);
                        format!("{misfit}; what came is kept beside the declared fields")
                    }
                },
            },
        };
        warn(of, name, &wrong);
        T::default()
    }

    /// The field `name`; `None` where it is missing or does not fit.
    pub fn demand<T: FromJson>(&mut self, name: &str) -> Option<T> {
        match self.slot(name).and_then(Option::take) {
            Some(value) => T::from_json(value),
            None if T::NULLABLE => T::from_json(Value::Null),
            None => None,
        }
    }

    /// Every member that was not taken.
    pub fn rest(self) -> Map {
        self.members.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}

/// Says once for each field of a type that a server does not keep to what it declares.
fn warn(of: &'static str, name: &'static str, wrong: &str) {
    static TOLD: Mutex<BTreeSet<(&str, &str)>> = Mutex::new(BTreeSet::new());
    let mut told = TOLD.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    if told.insert((of, name)) {
        eprintln!("warning: the server declares another {of}: `{name}` {wrong}");
    }
}
