//! From the types of a schema to Python's: TypedDicts, aliases, literals, lists, tables.

use std::collections::{HashMap, HashSet};

use super::text::{is_name, literal_text, quoted, tokens, write_note};
use crate::{
    rust::names::{Taken, pascal},
    schema::{Extra, Literal, Notes, ObjectType, Property, Schema, Type},
};

/// What a program does with the types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// It writes them: a table may be any mapping.
    Arguments,
    /// It reads them: what came from JSON is a dict.
    Result,
}

/// A key of a TypedDict or an argument of a call.
#[derive(Debug, Clone)]
pub(super) struct Key {
    pub(super) name: String,
    pub(super) ty: String,
    pub(super) required: bool,
    notes: Notes,
}

/// Makes the types of one schema; what has keys gets a name.
pub(super) struct Maker<'a> {
    schema: &'a Schema,
    side: Side,
    /// What the names of definitions begin with.
    base: &'a str,
    taken: &'a mut Taken,
    /// Definitions that have a text.
    known: HashMap<usize, Vec<String>>,
    /// TypedDicts without a definition by the names that were asked for.
    made: HashMap<String, Vec<(ObjectType, String)>>,
    /// TypedDicts by their names.
    pub(super) records: HashMap<String, Vec<Key>>,
    /// The texts of what is declared, in the order in which it was met.
    declared: Vec<String>,
}

impl<'a> Maker<'a> {
    pub(super) fn new(schema: &'a Schema, side: Side, base: &'a str, taken: &'a mut Taken) -> Self {
        let (known, made, records) = (HashMap::new(), HashMap::new(), HashMap::new());
        Self { schema, side, base, taken, known, made, records, declared: Vec::new() }
    }

    /// The declarations that were made.
    pub(super) fn text(self) -> String {
        self.declared.concat()
    }

    /// Adds a declaration of the caller's.
    pub(super) fn declare(&mut self, text: String) {
        self.declared.push(text);
    }

    /// Gives away a name for a type.
    pub(super) fn claim(&mut self, name: &str) -> String {
        self.taken.claim(name)
    }

    /// The text of a type; `name` is what it is called where it needs a name.
    pub(super) fn ty(&mut self, ty: &Type, name: &str) -> String {
        let mut parts = self.parts(ty, name);
        if parts.iter().any(|part| part == "object") {
            return "object".to_owned();
        }
        let mut seen = HashSet::new();
        parts.retain(|part| seen.insert(part.clone()));
        // `None` reads best at the end.
        parts.sort_by_key(|part| part == "None");
        parts.join(" | ")
    }

    /// The members of the union that a type is.
    fn parts(&mut self, ty: &Type, name: &str) -> Vec<String> {
        let one = match ty {
            Type::Unknown => "object".to_owned(),
            Type::Never => "Never".to_owned(),
            Type::Null => "None".to_owned(),
            Type::Boolean => "bool".to_owned(),
            Type::Integer => "int".to_owned(),
            Type::Number => "float".to_owned(),
            Type::String => "str".to_owned(),
            Type::Literal(literal) => return literal_types(&[literal]),
            Type::Array(items) => format!("list[{}]", self.ty(items, &self.item_name(name))),
            Type::Tuple(_) => format!("list[{}]", self.ty(&item_type(ty), &self.item_name(name))),
            Type::Object(object) if object.properties.is_empty() => self.table(object, name),
            Type::Object(object) => {
                let name = self.known_record(object, name);
                return self.or_any(matches!(object.extra, Extra::Of(_)), name);
            }
            Type::Union(members) => {
                let literals: Vec<&Literal> = members.iter().filter_map(as_literal).collect();
                let mut parts = literal_types(&literals);
                for member in members.iter().filter(|member| as_literal(member).is_none()) {
                    parts.extend(self.parts(member, name));
                }
                return parts;
            }
            // The side that is an object says what is known; a program may write what the others say.
            Type::Intersection(members) => match self.object_of(members) {
                Some(member) => {
                    let known = self.ty(member, name);
                    return self.or_any(true, known);
                }
                None => "object".to_owned(),
            },
            Type::Named(index) => return self.named(*index, name),
        };
        vec![one]
    }

    pub(super) fn item_name(&self, name: &str) -> String {
        if name.ends_with("Result") { format!("{}Item", self.base) } else { format!("{name}Item") }
    }

    fn table(&mut self, object: &ObjectType, name: &str) -> String {
        let value = self.value_type(object, name);
        let kind = if self.side == Side::Arguments { "Mapping" } else { "dict" };
        format!("{kind}[str, {value}]")
    }

    /// The type of what an object holds that names no keys.
    pub(super) fn value_type(&mut self, object: &ObjectType, name: &str) -> String {
        match &object.extra {
            Extra::Unsaid => "object".to_owned(),
            Extra::Closed => "Never".to_owned(),
            Extra::Of(ty) => self.ty(ty, &format!("{name}Value")),
        }
    }

    /// A TypedDict refuses keys that it does not name; a schema that speaks of such keys allows them.
    fn or_any(&self, open: bool, name: String) -> Vec<String> {
        let any = "Mapping[str, object]".to_owned();
        if open && self.side == Side::Arguments { vec![name, any] } else { vec![name] }
    }

    pub(super) fn object_of<'t>(&self, members: &'t [Type]) -> Option<&'t Type> {
        members.iter().find(|member| matches!(self.schema.target(member), Type::Object(_)))
    }

    fn named(&mut self, index: usize, name: &str) -> Vec<String> {
        if let Some(known) = self.known.get(&index) {
            return known.clone();
        }
        let schema = self.schema;
        let Some(definition) = schema.definitions.get(index) else { return vec!["object".to_owned()] };
        let own = self.taken.claim(&format!("{}{}", self.base, pascal(&definition.name)));
        // Known before its parts are, which may hold it.
        if let Type::Object(object) = &definition.ty
            && !object.properties.is_empty()
        {
            let shown = self.or_any(matches!(object.extra, Extra::Of(_)), own.clone());
            self.known.insert(index, shown.clone());
            self.record(object, own, &definition.notes);
            return shown;
        }
        self.known.insert(index, vec![own.clone()]);
        let at = self.declared.len();
        self.declared.push(String::new());
        let text = self.ty(&definition.ty, name);
        let mut alias = String::new();
        write_note(&mut alias, &definition.notes, "");
        alias.push_str(&format!("{own}: TypeAlias = {text}\n\n"));
        if let Some(place) = self.declared.get_mut(at) {
            *place = alias;
        }
        vec![own]
    }

    /// The name of a TypedDict; what is asked for again under the same name is the same.
    fn known_record(&mut self, object: &ObjectType, name: &str) -> String {
        let known = self.made.get(name).into_iter().flatten();
        if let Some((_, known)) = known.into_iter().find(|(known, _)| known == object) {
            return known.clone();
        }
        let claimed = self.taken.claim(name);
        self.made.entry(name.to_owned()).or_default().push((object.clone(), claimed.clone()));
        self.record(object, claimed.clone(), &Notes::default());
        claimed
    }

    /// Declares a TypedDict under a name that is its own already.
    pub(super) fn record(&mut self, object: &ObjectType, name: String, notes: &Notes) {
        // It stands before those of its keys.
        let at = self.declared.len();
        self.declared.push(String::new());
        let keys = self.keys(object, &name);
        let text = record_text(&name, &keys, notes);
        if let Some(place) = self.declared.get_mut(at) {
            *place = text;
        }
        self.records.insert(name, keys);
    }

    /// The keys of an object; what they need a name for begins with that of their owner.
    pub(super) fn keys(&mut self, object: &ObjectType, owner: &str) -> Vec<Key> {
        object.properties.iter().map(|property| self.key(property, owner)).collect()
    }

    fn key(&mut self, property: &Property, owner: &str) -> Key {
        let ty = self.ty(&property.ty, &format!("{owner}{}", pascal(&property.name)));
        let (name, notes) = (property.name.clone(), property.notes.clone());
        Key { name, ty, required: property.required, notes }
    }
}

impl Key {
    pub(super) fn notes(&self) -> &Notes {
        &self.notes
    }

    pub(super) fn default(&self) -> Option<&serde_json::Value> {
        self.notes.default.as_ref()
    }
}

fn as_literal(ty: &Type) -> Option<&Literal> {
    if let Type::Literal(literal) = ty { Some(literal) } else { None }
}

/// What stands in any place of a list.
pub(super) fn item_type(list: &Type) -> Type {
    match list {
        Type::Array(items) => (**items).clone(),
        Type::Tuple(tuple) => Type::union(tuple.items.iter().chain(tuple.rest.as_deref()).cloned()),
        _ => Type::Unknown,
    }
}

pub(super) fn literal_types(literals: &[&Literal]) -> Vec<String> {
    let is_float = |literal: &&Literal| matches!(literal, Literal::Number(number) if number.is_f64());
    let exact = literals.iter().copied().filter(|one| !is_float(one)).map(literal_text);
    let exact = exact.collect::<Vec<_>>().join(", ");
    let mut parts = if exact.is_empty() { Vec::new() } else { vec![format!("Literal[{exact}]")] };
    // A fraction cannot stand in a `Literal`.
    if literals.iter().any(is_float) {
        parts.push("float".to_owned());
    }
    parts
}

/// A TypedDict as a class, or as a call where a key cannot stand in a class: it is no identifier,
/// it would be mangled, or it would hide a type that the class uses.
fn record_text(name: &str, keys: &[Key], notes: &Notes) -> String {
    let mut out = String::new();
    write_note(&mut out, notes, "");
    let used: HashSet<&str> = keys.iter().flat_map(|key| tokens(&key.ty)).collect();
    let hides = |key: &Key| {
        used.contains(key.name.as_str()) || matches!(key.name.as_str(), "NotRequired" | "TypedDict")
    };
    let plain = keys.iter().all(|key| is_name(&key.name) && !key.name.starts_with("__") && !hides(key));
    let optional = keys.iter().all(|key| !key.required);
    let total = if optional { ", total=False" } else { "" };
    let value = |key: &Key| {
        if key.required || optional { key.ty.clone() } else { format!("NotRequired[{}]", key.ty) }
    };
    if plain {
        out.push_str(&format!("class {name}(TypedDict{total}):\n"));
        for key in keys {
            write_note(&mut out, &key.notes, "    ");
            out.push_str(&format!("    {}: {}\n", key.name, value(key)));
        }
        out.push('\n');
    } else {
        out.push_str(&format!("{name} = TypedDict(\"{name}\", {{\n"));
        for key in keys {
            write_note(&mut out, &key.notes, "    ");
            out.push_str(&format!("    {}: {},\n", quoted(&key.name), value(key)));
        }
        out.push_str(&format!("}}{total})\n\n"));
    }
    out
}
