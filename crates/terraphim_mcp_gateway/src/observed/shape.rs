//! What several JSON values have in common: the kinds that were seen at each
//! place. Joining only widens, the order of joining makes no difference, and a
//! shape is bounded in depth, in members and as a whole.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// How deep lists and objects are told apart.
pub(super) const MOST_DEPTH: usize = 8;

/// Most parts of one shape.
const MOST_NODES: usize = 1_000;

/// Most members of an object, and most of those that are not always there; what
/// has more is a map.
const MOST_FIELDS: usize = 128;
const MOST_OPTIONAL: usize = 40;

/// Longest name of a member, in bytes; what has longer ones is a map.
const NAME_BYTES: usize = 64;

/// From this many members on, objects of the same members make a map.
const ALIKE: usize = 5;

/// From this many members on, of which none was always there, objects of one kind make a map.
const FEWEST_ENTRIES: usize = 3;

/// The kinds of values that were seen at one place; none at all before the first.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Shape {
    /// Too much to tell apart; then nothing else is said.
    #[serde(skip_serializing_if = "is_false")]
    any: bool,
    #[serde(skip_serializing_if = "is_false")]
    null: bool,
    #[serde(skip_serializing_if = "is_false")]
    boolean: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<Numeric>,
    #[serde(skip_serializing_if = "is_false")]
    string: bool,
    /// The items of all lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    list: Option<Box<Shape>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    object: Option<Object>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_false(flag: &bool) -> bool {
    !*flag
}

/// Which numbers were seen; the wider one comes last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Numeric {
    Integer,
    Number,
}

/// The objects that were seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Object {
    /// Members by name.
    Fields(BTreeMap<String, Field>),
    /// Names are data; these are the values.
    Map(Box<Shape>),
}

/// A member of an object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Field {
    shape: Shape,
    /// Whether all objects had it.
    required: bool,
}

impl Shape {
    pub(super) fn any() -> Self {
        Self { any: true, ..Self::default() }
    }

    pub(super) fn null() -> Self {
        Self { null: true, ..Self::default() }
    }

    pub(super) fn boolean() -> Self {
        Self { boolean: true, ..Self::default() }
    }

    pub(super) fn string() -> Self {
        Self { string: true, ..Self::default() }
    }

    pub(super) fn number(kind: Numeric) -> Self {
        Self { number: Some(kind), ..Self::default() }
    }

    /// A list of such items.
    pub(super) fn list(items: Self) -> Self {
        Self { list: Some(Box::new(items)), ..Self::default() }
    }

    /// An object with these members; a map where the names look like data.
    pub(super) fn object(members: Vec<(String, Self)>, is_whole: bool) -> Self {
        let object = if members.iter().any(|(name, _)| is_data(name)) || are_alike(&members) {
            Object::Map(Box::new(joined(members.into_iter().map(|(_, shape)| shape))))
        } else {
            let field = |(name, shape)| (name, Field { shape, required: is_whole });
            Object::Fields(members.into_iter().map(field).collect()).narrowed()
        };
        Self { object: Some(object), ..Self::default() }
    }

    /// An object of which nothing is known.
    pub(super) fn any_object() -> Self {
        Self { object: Some(Object::Map(Box::new(Self::any()))), ..Self::default() }
    }

    /// Widens it so that it holds for what `other` holds for; whether that changed it.
    pub(super) fn join(&mut self, other: &Self) -> bool {
        if self.any {
            return false;
        }
        if other.any {
            *self = Self::any();
            return true;
        }
        let flag = |mine: &mut bool, theirs: bool| !std::mem::replace(mine, *mine || theirs) && theirs;
        let mut changed = flag(&mut self.null, other.null);
        changed |= flag(&mut self.boolean, other.boolean);
        changed |= flag(&mut self.string, other.string);
        if other.number > self.number {
            self.number = other.number;
            changed = true;
        }
        match (&mut self.list, &other.list) {
            (Some(mine), Some(theirs)) => changed |= mine.join(theirs),
            (mine @ None, Some(theirs)) => {
                *mine = Some(theirs.clone());
                changed = true;
            }
            (_, None) => {}
        }
        match (&mut self.object, &other.object) {
            (Some(mine), Some(theirs)) => changed |= mine.join(theirs),
            (mine @ None, Some(theirs)) => {
                *mine = Some(theirs.clone());
                changed = true;
            }
            (_, None) => {}
        }
        changed
    }

    /// Cuts it to the bounds of a shape: what lies deepest is told apart least.
    pub(super) fn bounded(mut self) -> Self {
        for depth in (1..=MOST_DEPTH).rev() {
            self.cut(depth);
            if self.nodes() <= MOST_NODES {
                return self;
            }
        }
        Self::any()
    }

    fn cut(&mut self, depth: usize) {
        if self.any {
            *self = Self::any();
        }
        if let Some(items) = &mut self.list {
            if depth == 0 { **items = Self::any() } else { items.cut(depth - 1) }
        }
        let Some(object) = &mut self.object else { return };
        match object {
            _ if depth == 0 => *object = Object::Map(Box::new(Self::any())),
            Object::Map(values) => values.cut(depth - 1),
            Object::Fields(fields) => fields.values_mut().for_each(|field| field.shape.cut(depth - 1)),
        }
        if let Object::Fields(fields) = object
            && fields.keys().any(|name| is_data(name))
        {
            *object = std::mem::replace(object, Object::Fields(BTreeMap::new())).into_map();
        }
    }

    /// About how much memory it takes, in bytes.
    pub(super) fn weight(&self) -> usize {
        // Members stand in groups of up to eleven, most of them about half full.
        let group = 11 * (size_of::<String>() + size_of::<Field>());
        let items = self.list.as_ref().map_or(0, |items| items.weight());
        size_of::<Self>()
            + items
            + match &self.object {
                None => 0,
                Some(Object::Map(values)) => values.weight(),
                Some(Object::Fields(fields)) => {
                    let inner = |field: &Field| field.shape.weight() - size_of::<Self>();
                    let members = fields.iter().map(|(name, field)| name.len() + inner(field));
                    fields.len().div_ceil(6) * group + members.sum::<usize>()
                }
            }
    }

    fn nodes(&self) -> usize {
        let items = self.list.as_ref().map_or(0, |items| items.nodes());
        1 + items
            + match &self.object {
                None => 0,
                Some(Object::Map(values)) => values.nodes(),
                Some(Object::Fields(fields)) => fields.values().map(|field| field.shape.nodes()).sum(),
            }
    }

    /// The JSON Schema that every value of this shape meets.
    pub(super) fn schema(&self) -> Value {
        if self.any {
            return json!({});
        }
        let scalars = [
            (self.boolean, "boolean"),
            (self.number == Some(Numeric::Integer), "integer"),
            (self.number == Some(Numeric::Number), "number"),
            (self.string, "string"),
        ];
        let mut kinds: Vec<Value> =
            scalars.into_iter().filter(|(seen, _)| *seen).map(|(_, kind)| json!({ "type": kind })).collect();
        if let Some(items) = &self.list {
            kinds.push(match items.schema() {
                Value::Object(open) if open.is_empty() => json!({ "type": "array" }),
                items => json!({ "type": "array", "items": items }),
            });
        }
        kinds.extend(self.object.as_ref().map(Object::schema));
        if self.null {
            kinds.push(json!({ "type": "null" }));
        }
        match kinds.len() {
            0 => json!({}),
            1 => kinds.pop().unwrap_or_default(),
            _ if kinds.iter().all(|kind| kind.as_object().is_some_and(|kind| kind.len() == 1)) => {
                json!({ "type": kinds.iter().filter_map(|kind| kind.get("type")).collect::<Vec<_>>() })
            }
            _ => json!({ "anyOf": kinds }),
        }
    }
}

impl Object {
    fn join(&mut self, other: &Self) -> bool {
        let changed = match (&mut *self, other) {
            (Self::Map(mine), Self::Map(theirs)) => return mine.join(theirs),
            (Self::Map(mine), Self::Fields(theirs)) => {
                return theirs.values().fold(false, |changed, field| mine.join(&field.shape) | changed);
            }
            (Self::Fields(_), Self::Map(theirs)) => {
                *self = std::mem::replace(self, Self::Fields(BTreeMap::new())).into_map();
                if let Self::Map(mine) = self {
                    mine.join(theirs);
                }
                return true;
            }
            (Self::Fields(mine), Self::Fields(theirs)) => join_fields(mine, theirs),
        };
        if changed {
            *self = std::mem::replace(self, Self::Fields(BTreeMap::new())).narrowed();
        }
        changed
    }

    /// A map, where there are too many members.
    fn narrowed(self) -> Self {
        match &self {
            Self::Fields(fields)
                if fields.len() > MOST_FIELDS
                    || fields.values().filter(|field| !field.required).count() > MOST_OPTIONAL =>
            {
                self.into_map()
            }
            _ => self,
        }
    }

    fn into_map(self) -> Self {
        match self {
            Self::Fields(fields) => {
                Self::Map(Box::new(joined(fields.into_values().map(|field| field.shape))))
            }
            map @ Self::Map(_) => map,
        }
    }

    fn schema(&self) -> Value {
        match self {
            Self::Map(values) => match values.schema() {
                Value::Object(open) if open.is_empty() => json!({ "type": "object" }),
                values => json!({ "type": "object", "additionalProperties": values }),
            },
            // Nothing is lost: the next result may show that they are members after all.
            Self::Fields(fields) if are_entries(fields) => self.clone().into_map().schema(),
            Self::Fields(fields) => {
                let properties: Map<_, _> =
                    fields.iter().map(|(name, field)| (name.clone(), field.shape.schema())).collect();
                let required: Vec<_> =
                    fields.iter().filter(|(_, field)| field.required).map(|(name, _)| name).collect();
                let mut schema = json!({ "type": "object", "properties": properties });
                if let Some(schema) = schema.as_object_mut().filter(|_| !required.is_empty()) {
                    schema.insert("required".to_owned(), json!(required));
                }
                schema
            }
        }
    }
}

fn join_fields(mine: &mut BTreeMap<String, Field>, theirs: &BTreeMap<String, Field>) -> bool {
    let mut changed = false;
    for (name, field) in mine.iter_mut() {
        if field.required && !theirs.contains_key(name) {
            field.required = false;
            changed = true;
        }
    }
    for (name, field) in theirs {
        match mine.get_mut(name) {
            Some(known) => {
                changed |= known.shape.join(&field.shape);
                if known.required && !field.required {
                    known.required = false;
                    changed = true;
                }
            }
            None => {
                mine.insert(name.clone(), Field { shape: field.shape.clone(), required: false });
                changed = true;
            }
        }
    }
    changed
}

fn joined(shapes: impl Iterator<Item = Shape>) -> Shape {
    shapes.fold(Shape::default(), |mut all, shape| {
        all.join(&shape);
        all
    })
}

/// Whether members are entries of a table whose names were others in every result, such as people's
/// names: none was always there, and all have values of one kind. What is a list or an object has
/// enough in common with fewer of them than a plain value, which members of a record have too.
fn are_entries(fields: &BTreeMap<String, Field>) -> bool {
    if fields.len() < FEWEST_ENTRIES || fields.values().any(|field| field.required) {
        return false;
    }
    let kinds = |shape: &Shape| {
        let Shape { any, boolean, number, string, list, object, null: _ } = shape;
        (*any, *boolean, number.is_some(), *string, list.is_some(), object.is_some())
    };
    let mut all = fields.values().map(|field| kinds(&field.shape));
    let Some(first) = all.next() else { return false };
    let is_one_kind = !first.0 && all.all(|other| other == first);
    let values = joined(fields.values().map(|field| field.shape.clone()));
    let is_record = match &values.object {
        Some(Object::Fields(members)) => members.values().any(|member| member.required),
        Some(Object::Map(_)) => true,
        None => values.list.is_some(),
    };
    is_one_kind && (is_record || values.object.is_none() && fields.len() >= ALIKE)
}

/// Whether all members are objects of the same members, as entries of a table are.
fn are_alike(members: &[(String, Shape)]) -> bool {
    let Some((first, others)) = members.split_first() else { return false };
    let names = |shape: &Shape| match &shape.object {
        Some(Object::Fields(fields)) if !fields.is_empty() => {
            Some(fields.keys().cloned().collect::<Vec<_>>())
        }
        _ => None,
    };
    if members.len() < ALIKE {
        return false;
    }
    let wanted = names(&first.1);
    wanted.is_some() && others.iter().all(|(_, shape)| names(shape) == wanted)
}

/// Whether a member's name looks like data: a number, a date, an address, a
/// path, an identifier that somebody drew.
fn is_data(name: &str) -> bool {
    if name.is_empty() || name.len() > NAME_BYTES || name.chars().any(char::is_control) {
        return true;
    }
    if name.get(1..).is_some_and(|rest| rest.contains(['/', '@', '\\'])) || name.starts_with(['/', '\\']) {
        return true;
    }
    let (mut digits, mut longest, mut turns, mut last_was_digit) = (0_usize, 0_usize, 0_usize, false);
    let mut letters = 0_usize;
    for c in name.chars() {
        let is_digit = c.is_ascii_digit();
        digits = if is_digit { digits + 1 } else { 0 };
        longest = longest.max(digits);
        turns += usize::from(is_digit != last_was_digit);
        last_was_digit = is_digit;
        letters += usize::from(c.is_alphabetic());
    }
    let is_hex = name.len() >= 8
        && longest > 0
        && name.bytes().all(|byte| byte.is_ascii_hexdigit() || matches!(byte, b'-' | b':'));
    letters == 0 && longest > 0 || longest >= 4 || turns >= 5 || is_hex
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_data_are_told_from_names_of_members() {
        for data in ["", "42", "2026-11-23", "user@example.com", "/etc/passwd", "src/main.rs", "deadbeef01"] {
            assert!(is_data(data), "{data}");
        }
        for data in ["123e4567-e89b-42d3-a456-426614174000", "issue-10482", "aB3xY9kQ2", &"x".repeat(65)] {
            assert!(is_data(data), "{data}");
        }
        for name in
            ["id", "total_count", "@type", "content-type", "line2", "sha256", "größe", "名前", "Total (EUR)"]
        {
            assert!(!is_data(name), "{name}");
        }
    }
}
