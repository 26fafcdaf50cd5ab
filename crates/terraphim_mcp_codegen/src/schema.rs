//! JSON Schema as types that every output language can print.
//!
//! Lowering only ever widens: a value that the schema allows fits the type, and
//! a keyword that no type system can say (`not`, `if`, a pattern) is left out or
//! becomes a note. Two readings go with common practice rather than the letter:
//! a schema with `properties` but no `type` means an object, one with `items` a list.

mod combine;
mod definitions;
mod lower;
mod notes;

pub(crate) use lower::{Bounds, lower};
pub(crate) use notes::Notes;

use serde_json::{Number, Value};

/// Longest chain of references that is followed.
const MAX_REFERENCES: usize = 16;

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

/// The schema at a local reference: a JSON pointer, or the name of an `$anchor`
/// among the definitions.
pub(crate) fn pointed<'a>(root: &'a Value, reference: &str) -> Option<&'a Value> {
    let fragment = reference.strip_prefix('#')?;
    if fragment.is_empty() || fragment.starts_with('/') {
        // Names with `%` escapes are rare; both readings are tried.
        return root.pointer(fragment).or_else(|| root.pointer(&percent_decoded(fragment)?));
    }
    let tables = ["$defs", "definitions"].into_iter().filter_map(|table| root.get(table)?.as_object());
    tables.flat_map(|table| table.values()).take(1_000).find(|s| {
        s.get("$anchor").is_some_and(|anchor| anchor == fragment)
            || s.get("$id").is_some_and(|id| id == reference)
    })
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
