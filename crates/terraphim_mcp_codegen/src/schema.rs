//! JSON Schema as types that every output language can print.
//!
//! Lowering only ever widens: a value that the schema allows fits the type, and
//! a keyword that no type system can say (`not`, `if`, a pattern) is left out or
//! becomes a note. Two readings go with common practice rather than the letter:
//! a schema with `properties` but no `type` means an object, one with `items` a list.

mod alternatives;
mod combine;
mod definitions;
mod lower;
mod notes;

pub(crate) use lower::{Bounds, lower};
pub(crate) use notes::Notes;

use serde_json::{Number, Value};

/// Longest chain of references that is followed.
const MAX_REFERENCES: usize = 16;

/// Most objects and lists that one search for an anchor visits.
const MAX_SEARCHED: usize = 2_000;

/// The type of the values that a schema allows, or a wider one.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Type {
    Unknown,
    Never,
    Null,
    Boolean,
    Integer,
    Number,
    String,
    Literal(Literal),
    Array(Box<Type>),
    Tuple(Tuple),
    Object(ObjectType),
    /// At least two members, none of them a union, `Unknown` or `Never`.
    Union(Vec<Type>),
    /// At least two members that could not be merged.
    Intersection(Vec<Type>),
    /// An index into the definitions.
    Named(usize),
}

/// A single value as a type.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Literal {
    String(String),
    Number(Number),
    Boolean(bool),
}

/// A list with a type for each place.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tuple {
    pub(crate) items: Vec<Type>,
    /// How many of the places must be there.
    pub(crate) required: usize,
    /// The type of what follows; without it nothing follows.
    pub(crate) rest: Option<Box<Type>>,
}

/// An object: its properties and what else it may hold.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ObjectType {
    pub(crate) properties: Vec<Property>,
    pub(crate) extra: Extra,
}

/// What an object may hold beside its properties.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Extra {
    /// The schema does not say; anything may be there.
    Unsaid,
    /// Nothing.
    Closed,
    /// Values of this type; `Unknown` where there are properties, as theirs differ.
    Of(Box<Type>),
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Property {
    pub(crate) name: String,
    pub(crate) ty: Type,
    pub(crate) required: bool,
    pub(crate) notes: Notes,
}

/// A lowered schema.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Schema {
    pub(crate) root: Type,
    pub(crate) definitions: Vec<Definition>,
}

/// A type that is referred to by name.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Definition {
    /// The last part of the reference that first led here.
    pub(crate) name: String,
    pub(crate) ty: Type,
    pub(crate) notes: Notes,
}

impl Schema {
    /// The type behind any names.
    pub(crate) fn target<'a>(&'a self, ty: &'a Type) -> &'a Type {
        let mut target = ty;
        for _ in 0..MAX_REFERENCES {
            let Type::Named(index) = target else { return target };
            let Some(definition) = self.definitions.get(*index) else { break };
            target = &definition.ty;
        }
        target
    }

    /// The root as an object, or the object that is one side of it.
    pub(crate) fn object(&self) -> Option<&ObjectType> {
        let object = |ty| if let Type::Object(object) = self.target(ty) { Some(object) } else { None };
        match self.target(&self.root) {
            Type::Intersection(members) => members.iter().find_map(object),
            ty => object(ty),
        }
    }
}

impl ObjectType {
    /// An object that may hold anything.
    pub(crate) fn open() -> Self {
        Self { properties: Vec::new(), extra: Extra::Unsaid }
    }
}

/// Follows local references from `schema` for as long as there are any; the
/// last schema that could be reached.
pub(crate) fn resolve<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    let mut target = schema;
    for _ in 0..MAX_REFERENCES {
        let Some(next) = target.get("$ref").and_then(Value::as_str).and_then(|r| pointed(root, r)) else {
            break;
        };
        target = next;
    }
    target
}

/// The schema at a reference within the document: a JSON pointer, the name of an anchor, or the
/// `$id` of a schema with either of these behind it.
pub(crate) fn pointed<'a>(root: &'a Value, reference: &str) -> Option<&'a Value> {
    let (base, fragment) = reference.split_once('#').unwrap_or((reference, ""));
    let is_base = |id: &str| {
        let id = id.split('#').next().unwrap_or_default();
        let ends = |long: &str, short: &str| long.strip_suffix(short).is_some_and(|head| head.ends_with('/'));
        !id.is_empty() && (id == base || ends(id, base.trim_start_matches("./")) || ends(base, id))
    };
    let document = if base.is_empty() {
        root
    } else {
        find(root, |map| {
            map.get("$id").or_else(|| map.get("id")).and_then(Value::as_str).is_some_and(is_base)
        })?
    };
    if fragment.is_empty() || fragment.starts_with('/') {
        // Names with `%` escapes are rare; both readings are tried.
        return document.pointer(fragment).or_else(|| document.pointer(&percent_decoded(fragment)?));
    }
    find(document, |map| {
        let is_named = |word: &str| map.get(word).is_some_and(|anchor| anchor == fragment);
        let is_id =
            map.get("$id").and_then(Value::as_str).and_then(|id| id.strip_prefix('#')) == Some(fragment);
        is_named("$anchor") || is_named("$dynamicAnchor") || is_id
    })
}

/// The first object of a document that is what is looked for, among as many as one search visits.
fn find(document: &Value, is_it: impl Fn(&serde_json::Map<String, Value>) -> bool) -> Option<&Value> {
    let mut open = std::collections::VecDeque::from([document]);
    for _ in 0..MAX_SEARCHED {
        let value = open.pop_front()?;
        match value {
            Value::Object(map) if is_it(map) => return Some(value),
            Value::Object(map) => {
                open.extend(map.values().filter(|it| it.is_object() || it.is_array()).take(MAX_SEARCHED))
            }
            Value::Array(items) => {
                open.extend(items.iter().filter(|it| it.is_object() || it.is_array()).take(MAX_SEARCHED))
            }
            _ => {}
        }
    }
    None
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let high = char::from(rest.next()?).to_digit(16)?;
            let low = char::from(rest.next()?).to_digit(16)?;
            bytes.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}
