//! What a call gives: a value that can also be awaited. Python has no type for "both", so there is
//! a class for each kind of value (`python/calls.pyi`), and one is made for each TypedDict.

use std::collections::HashMap;

use super::{
    text::quoted,
    types::{Key, Maker, item_type, literal_types},
};
use crate::schema::{Literal, Schema, Type};

/// Deepest chain of names and unions that is followed.
const MAX_DEPTH: usize = 16;

/// The type of what a call gives, whose value is `ty`.
pub(super) fn call_type(maker: &mut Maker<'_>, schema: &Schema, ty: &Type, name: &str) -> String {
    let mut calls = Calls { maker, schema, records: HashMap::new() };
    let mut parts = calls.parts(ty, name, 0);
    if parts.iter().any(|part| part == ANY) {
        return ANY.to_owned();
    }
    let mut seen = std::collections::HashSet::new();
    parts.retain(|part| seen.insert(part.clone()));
    parts.join(" | ")
}

/// A value of which nothing is known.
const ANY: &str = "Call[object]";

struct Calls<'m, 'a> {
    maker: &'m mut Maker<'a>,
    schema: &'m Schema,
    /// The classes of TypedDicts.
    records: HashMap<String, String>,
}

impl Calls<'_, '_> {
    fn parts(&mut self, ty: &Type, name: &str, depth: usize) -> Vec<String> {
        let one = match ty {
            _ if depth > MAX_DEPTH => ANY.to_owned(),
            Type::Unknown => ANY.to_owned(),
            Type::Never => "Call[Never]".to_owned(),
            Type::Null => "NoneCall".to_owned(),
            Type::Boolean | Type::Literal(Literal::Boolean(_)) => "BoolCall".to_owned(),
            Type::Integer => "IntCall".to_owned(),
            Type::Number => "FloatCall".to_owned(),
            Type::Literal(Literal::Number(number)) if number.is_f64() => "FloatCall".to_owned(),
            Type::Literal(Literal::Number(_)) => "IntCall".to_owned(),
            Type::String => "TextCall[str]".to_owned(),
            Type::Literal(literal @ Literal::String(_)) => text_call(&[literal]),
            Type::Array(_) | Type::Tuple(_) => {
                let item = self.maker.item_name(name);
                format!("ListCall[{}]", self.maker.ty(&item_type(ty), &item))
            }
            Type::Object(object) if object.properties.is_empty() => {
                format!("DictCall[{}]", self.maker.value_type(object, name))
            }
            Type::Object(_) => self.record(ty, name),
            Type::Union(members) => {
                let texts: Vec<&Literal> = members
                    .iter()
                    .filter_map(
                        |ty| if let Type::Literal(it @ Literal::String(_)) = ty { Some(it) } else { None },
                    )
                    .collect();
                let mut parts = if texts.is_empty() { Vec::new() } else { vec![text_call(&texts)] };
                for member in members.iter().filter(|ty| !matches!(ty, Type::Literal(Literal::String(_)))) {
                    parts.extend(self.parts(member, name, depth + 1));
                }
                return parts;
            }
            Type::Intersection(members) => match self.maker.object_of(members) {
                Some(member) => return self.parts(member, name, depth + 1),
                None => ANY.to_owned(),
            },
            Type::Named(index) => {
                match self.schema.definitions.get(*index).map(|definition| &definition.ty) {
                    Some(Type::Object(object)) if !object.properties.is_empty() => self.record(ty, name),
                    Some(target) => return self.parts(target, name, depth + 1),
                    None => ANY.to_owned(),
                }
            }
        };
        vec![one]
    }

    /// The class that stands for a TypedDict which can be awaited.
    fn record(&mut self, ty: &Type, name: &str) -> String {
        let record = self.maker.ty(ty, name);
        if let Some(known) = self.records.get(&record) {
            return known.clone();
        }
        let Some(keys) = self.maker.records.get(&record).cloned() else { return ANY.to_owned() };
        let call = self.maker.claim(&format!("{record}Call"));
        self.maker.declare(class_text(&call, &record, &keys));
        self.records.insert(record, call.clone());
        call
    }
}

fn text_call(texts: &[&Literal]) -> String {
    format!("TextCall[{}]", literal_types(texts).join(" | "))
}

fn class_text(call: &str, record: &str, keys: &[Key]) -> String {
    let mut out = format!("class {call}(RecordCall[{record}]):\n");
    // An overload alone is none.
    let overload = if keys.len() > 1 { "    @overload\n" } else { "" };
    for key in keys {
        out.push_str(&format!(
            "{overload}    def __getitem__(self, key: Literal[{}], /) -> {}: ...\n",
            quoted(&key.name),
            key.ty
        ));
    }
    for key in keys {
        let ty =
            if key.required || key.ty == "object" { key.ty.clone() } else { format!("{} | None", key.ty) };
        out.push_str(&format!(
            "    @overload\n    def get(self, key: Literal[{}], /) -> {ty}: ...\n",
            quoted(&key.name)
        ));
    }
    out.push_str("    @overload\n    def get(self, key: str, default: object = None, /) -> object: ...\n\n");
    out
}
