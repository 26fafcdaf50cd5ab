//! From JSON Schema to [`Type`], bounded in depth, nodes and width.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

use super::{
    Definition, Extra, Literal, Notes, ObjectType, Property, Schema, Tuple, Type, definitions, pointed,
};
use crate::bounded;

/// Longest property name that is typed, in bytes; longer ones fall under the rest.
const MAX_NAME_BYTES: usize = 200;
/// Longest text that is typed as a literal, in bytes.
const MAX_LITERAL_BYTES: usize = 200;
/// Most members of an `enum` that are looked at; a longer one is not typed.
const MAX_ENUM: usize = 10_000;
/// Most branches of `anyOf`, `oneOf` and `allOf`.
const MAX_BRANCHES: usize = 64;
/// Most places of a tuple.
const MAX_PLACES: usize = 32;

/// How much of a schema is lowered; what lies beyond is `Unknown`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) depth: usize,
    pub(crate) nodes: usize,
    pub(crate) properties: usize,
    pub(crate) definitions: usize,
    pub(crate) description_chars: usize,
}

impl Bounds {
    /// For a file of its own, which may be long.
    const FULL: Self =
        Self { depth: 48, nodes: 20_000, properties: 2_000, definitions: 1_000, description_chars: 800 };
    /// What texts longer than the first of [`Self::STEPS`] makes begin with, in bytes.
    const LONG: usize = 64 << 10;

    /// From generous to tight, for a text of about `bytes`.
    pub(crate) fn steps(bytes: usize) -> impl Iterator<Item = Self> {
        (bytes > Self::LONG).then_some(Self::FULL).into_iter().chain(Self::STEPS)
    }

    /// From generous to tight; the printed text of the last is always short.
    pub(crate) const STEPS: [Self; 5] = [
        Self { depth: 24, nodes: 2_000, properties: 256, definitions: 200, description_chars: 400 },
        Self { depth: 8, nodes: 600, properties: 100, definitions: 60, description_chars: 200 },
        Self { depth: 5, nodes: 250, properties: 60, definitions: 24, description_chars: 120 },
        Self { depth: 3, nodes: 100, properties: 40, definitions: 8, description_chars: 80 },
        Self { depth: 2, nodes: 30, properties: 24, definitions: 2, description_chars: 40 },
    ];
    /// For one line of text.
    pub(crate) const LINE: Self =
        Self { depth: 6, nodes: 300, properties: 64, definitions: 16, description_chars: 0 };
}

/// Lowers a schema document.
pub(crate) fn lower(root: &Value, bounds: Bounds) -> Schema {
    let mut lowering = Lowering {
        root,
        // From 2019-09 on, keywords beside `$ref` count; before, they do not.
        ref_alone: root.get("$schema").and_then(Value::as_str).is_some_and(is_old_draft),
        bounds,
        nodes: bounds.nodes,
        indices: HashMap::new(),
        targets: HashMap::new(),
        pending: Vec::new(),
    };
    let top = lowering.schema(root, 0);
    let mut defined = Vec::new();
    while let Some((name, target)) = lowering.pending.get(defined.len()).cloned() {
        let ty = lowering.schema(target, 1);
        let notes = target.as_object().map(|map| Notes::of(map, &ty, bounds.description_chars));
        defined.push(Definition { name, ty, notes: notes.unwrap_or_default() });
    }
    definitions::settle(Schema { root: top, definitions: defined })
}

fn is_old_draft(uri: &str) -> bool {
    ["draft-07", "draft-06", "draft-04", "draft-03"].iter().any(|draft| uri.contains(draft))
}

struct Lowering<'a> {
    root: &'a Value,
    ref_alone: bool,
    bounds: Bounds,
    nodes: usize,
    indices: HashMap<*const Value, usize>,
    targets: HashMap<&'a str, Option<&'a Value>>,
    /// Definitions in the order of their indices; those not yet lowered are at the end.
    pending: Vec<(String, &'a Value)>,
}

impl<'a> Lowering<'a> {
    fn schema(&mut self, schema: &'a Value, depth: usize) -> Type {
        match schema {
            Value::Bool(false) => Type::Never,
            Value::Object(map) if !map.is_empty() => {
                if depth > self.bounds.depth || self.nodes == 0 {
                    return Type::Unknown;
                }
                self.nodes -= 1;
                self.map(map, depth)
            }
            _ => Type::Unknown,
        }
    }

    fn map(&mut self, map: &'a Map<String, Value>, depth: usize) -> Type {
        let mut ty = Type::Unknown;
        if let Some(reference) = reference(map) {
            ty = self.reference(reference);
            if self.ref_alone {
                return ty;
            }
        }
        let literals = literals(map);
        let named = reference(map).is_some() || literals.is_some();
        ty = ty.and(literals.unwrap_or(Type::Unknown)).and(self.kinds(map, named, depth));
        for branch in branches(map, "allOf") {
            let branch = self.schema(branch, depth + 1);
            ty = ty.and(branch);
        }
        for word in ["anyOf", "oneOf"] {
            if let Some(Value::Array(list)) = map.get(word)
                && !list.is_empty()
            {
                let union = if list.len() > MAX_BRANCHES {
                    Type::Unknown
                } else {
                    Type::union(list.iter().map(|branch| self.schema(branch, depth + 1)).collect::<Vec<_>>())
                };
                ty = ty.and(union);
            }
        }
        if map.get("nullable") == Some(&Value::Bool(true)) {
            ty = Type::union([ty, Type::Null]);
        }
        ty
    }

    /// What a reference leads to; each is looked for once.
    fn pointed(&mut self, reference: &'a str) -> Option<&'a Value> {
        let root = self.root;
        *self.targets.entry(reference).or_insert_with(|| pointed(root, reference))
    }

    fn reference(&mut self, reference: &'a str) -> Type {
        let Some(target) = self.pointed(reference) else { return Type::Unknown };
        let key = std::ptr::from_ref(target);
        if let Some(index) = self.indices.get(&key) {
            return Type::Named(*index);
        }
        if self.pending.len() >= self.bounds.definitions {
            return Type::Unknown;
        }
        let index = self.pending.len();
        let name = reference.rsplit(['/', '#']).next().unwrap_or_default();
        self.indices.insert(key, index);
        self.pending.push((bounded::cut(name, 64).into_owned(), target));
        Type::Named(index)
    }

    /// The type that `type` and the keywords for lists and objects give.
    fn kinds(&mut self, map: &'a Map<String, Value>, named: bool, depth: usize) -> Type {
        match map.get("type") {
            Some(Value::String(kind)) => self.kind(kind, map, depth),
            Some(Value::Array(kinds)) if !kinds.is_empty() && kinds.len() <= 16 => {
                let kinds = kinds.iter().map(|kind| kind.as_str().unwrap_or_default());
                Type::union(kinds.map(|kind| self.kind(kind, map, depth)).collect::<Vec<_>>())
            }
            None if !named => {
                let says = |words: &[&str]| words.iter().any(|word| map.contains_key(*word));
                if says(&["properties", "additionalProperties", "patternProperties", "required"]) {
                    self.kind("object", map, depth)
                } else if says(&["items", "prefixItems"]) {
                    self.kind("array", map, depth)
                } else {
                    Type::Unknown
                }
            }
            _ => Type::Unknown,
        }
    }

    fn kind(&mut self, kind: &str, map: &'a Map<String, Value>, depth: usize) -> Type {
        match kind {
            "null" => Type::Null,
            "boolean" => Type::Boolean,
            "integer" => Type::Integer,
            "number" => Type::Number,
            "string" => Type::String,
            "array" => self.list(map, depth),
            "object" => self.object(map, depth),
            _ => Type::Unknown,
        }
    }

    fn list(&mut self, map: &'a Map<String, Value>, depth: usize) -> Type {
        let (places, rest) = match (map.get("prefixItems"), map.get("items")) {
            (Some(Value::Array(places)), rest) => (places, rest),
            (_, Some(Value::Array(places))) => (places, map.get("additionalItems")),
            (_, items) => {
                let items = items.map_or(Type::Unknown, |items| self.schema(items, depth + 1));
                return Type::Array(Box::new(items));
            }
        };
        let size = |word: &str| map.get(word).and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok());
        let items: Vec<_> =
            places.iter().take(MAX_PLACES).map(|place| self.schema(place, depth + 1)).collect();
        let is_full = places.len() <= MAX_PLACES && size("maxItems").is_some_and(|most| most <= items.len());
        let rest = if is_full || rest == Some(&Value::Bool(false)) && places.len() <= MAX_PLACES {
            None
        } else if places.len() > MAX_PLACES {
            Some(Type::Unknown)
        } else {
            Some(rest.map_or(Type::Unknown, |rest| self.schema(rest, depth + 1)))
        };
        let required = size("minItems").unwrap_or(0).min(items.len());
        Type::Tuple(Tuple { items, required, rest: rest.map(Box::new) })
    }

    fn object(&mut self, map: &'a Map<String, Value>, depth: usize) -> Type {
        let declared = map.get("properties").and_then(Value::as_object);
        let required: Vec<&str> = map
            .get("required")
            .and_then(Value::as_array)
            .map(|names| names.iter().filter_map(Value::as_str).take(1_000).collect())
            .unwrap_or_default();
        let is_required: HashSet<&str> = required.iter().copied().collect();
        let room = self.bounds.properties;
        let fits = |name: &str| name.len() <= MAX_NAME_BYTES;
        let mut properties = Vec::new();
        let mut left_out = false;
        // Required properties have the first claim on the room; the schema's order stays.
        let count = declared.map_or(0, Map::len);
        let mut optional_room = room.saturating_sub(if count > room { required.len() } else { 0 });
        for (name, schema) in declared.into_iter().flatten() {
            let is_required = is_required.contains(name.as_str());
            let has_room = properties.len() < room && (is_required || optional_room > 0);
            if !has_room || !fits(name) {
                left_out = true;
                if properties.len() >= room {
                    break;
                }
                continue;
            }
            optional_room -= usize::from(!is_required);
            let ty = self.schema(schema, depth + 1);
            let notes = schema.as_object().map(|map| self.notes(map, &ty)).unwrap_or_default();
            properties.push(Property { name: name.clone(), ty, required: is_required, notes });
        }
        for name in required.into_iter().filter(|name| declared.is_none_or(|map| !map.contains_key(*name))) {
            if properties.len() >= room || !fits(name) {
                left_out = true;
            } else if properties.iter().all(|property| property.name != name) {
                let notes = Notes::default();
                properties.push(Property { name: name.to_owned(), ty: Type::Unknown, required: true, notes });
            }
        }
        let extra =
            if left_out { Extra::Of(Box::new(Type::Unknown)) } else { self.extra(map, &properties, depth) };
        Type::Object(ObjectType { properties, extra })
    }

    /// The notes of a schema; a bare reference takes its target's description.
    fn notes(&mut self, map: &'a Map<String, Value>, ty: &Type) -> Notes {
        let mut notes = Notes::of(map, ty, self.bounds.description_chars);
        if let (None, Some(reference)) = (&notes.description, reference(map))
            && let Some(Value::Object(target)) = self.pointed(reference)
        {
            notes.description = Notes::of(target, ty, self.bounds.description_chars).description;
        }
        notes
    }

    fn extra(&mut self, map: &'a Map<String, Value>, properties: &[Property], depth: usize) -> Extra {
        let patterns = map.get("patternProperties").and_then(Value::as_object).filter(|map| !map.is_empty());
        let said = match map.get("additionalProperties") {
            None => Extra::Unsaid,
            Some(Value::Bool(false)) => Extra::Closed,
            Some(schema) => Extra::Of(Box::new(self.schema(schema, depth + 1))),
        };
        match (patterns, said) {
            (None, Extra::Of(_)) if !properties.is_empty() => Extra::Of(Box::new(Type::Unknown)),
            (None, said) => said,
            (Some(patterns), Extra::Closed) if properties.is_empty() && patterns.len() <= MAX_BRANCHES => {
                let types: Vec<_> = patterns.values().map(|schema| self.schema(schema, depth + 1)).collect();
                Extra::Of(Box::new(Type::union(types)))
            }
            (Some(_), _) => Extra::Of(Box::new(Type::Unknown)),
        }
    }
}

/// The reference of a schema; where a dynamic one leads at run time is not known, so its first target counts.
fn reference(map: &Map<String, Value>) -> Option<&str> {
    ["$ref", "$dynamicRef", "$recursiveRef"].iter().find_map(|word| map.get(*word)?.as_str())
}

fn branches<'a>(map: &'a Map<String, Value>, word: &str) -> impl Iterator<Item = &'a Value> {
    map.get(word).and_then(Value::as_array).into_iter().flatten().take(MAX_BRANCHES)
}

/// The union of the values of `enum` and `const`, where either is there.
fn literals(map: &Map<String, Value>) -> Option<Type> {
    let constant = map.get("const").map(literal);
    let listed = match map.get("enum") {
        Some(Value::Array(values)) if values.len() > MAX_ENUM => Some(Type::Unknown),
        Some(Value::Array(values)) if !values.is_empty() => Some(Type::union(values.iter().map(literal))),
        _ => None,
    };
    match (constant, listed) {
        (Some(constant), Some(listed)) => Some(constant.and(listed)),
        (one, other) => one.or(other),
    }
}

fn literal(value: &Value) -> Type {
    match value {
        Value::Null => Type::Null,
        Value::Bool(value) => Type::Literal(Literal::Boolean(*value)),
        Value::Number(number) if is_exact(number) => Type::Literal(Literal::Number(number.clone())),
        Value::Number(_) => Type::Number,
        Value::String(text) if text.len() <= MAX_LITERAL_BYTES => {
            Type::Literal(Literal::String(text.clone()))
        }
        Value::String(_) => Type::String,
        Value::Array(_) => Type::Array(Box::new(Type::Unknown)),
        Value::Object(_) => Type::Object(ObjectType::open()),
    }
}

/// Whether a double holds the number, so that a program can write it.
fn is_exact(number: &serde_json::Number) -> bool {
    number.as_i64().map_or(!number.is_u64(), |n| n.unsigned_abs() < 1 << 53)
}
