//! The words in which the tools' schemas are written. Every model pays for
//! them, so they say no more than a caller needs.

use serde_json::{Map, Value, json};

/// An object with these properties, of which the first `required` must be there.
pub(super) fn object<const N: usize>(required: usize, properties: [(&str, Value); N]) -> Value {
    let names: Vec<_> = properties.iter().take(required).map(|(name, _)| json!(name)).collect();
    let properties: Map<_, _> =
        properties.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect();
    let mut schema = json!({ "type": "object", "properties": properties });
    if let Some(map) = schema.as_object_mut().filter(|_| !names.is_empty()) {
        map.insert("required".to_owned(), Value::Array(names));
    }
    schema
}

/// The same, without further properties: what a tool takes.
pub(super) fn takes<const N: usize>(required: usize, properties: [(&str, Value); N]) -> Value {
    let mut schema = object(required, properties);
    if let Some(map) = schema.as_object_mut() {
        map.insert("additionalProperties".to_owned(), Value::Bool(false));
    }
    schema
}

pub(super) fn text() -> Value {
    json!({ "type": "string" })
}

pub(super) fn told(description: &str) -> Value {
    json!({ "type": "string", "description": description })
}

/// A text or nothing.
pub(super) fn maybe_text() -> Value {
    json!({ "type": ["string", "null"] })
}

pub(super) fn words(description: &str, most: usize) -> Value {
    json!({ "type": "string", "minLength": 1, "maxLength": most, "description": description })
}

pub(super) fn flag(default: bool, description: &str) -> Value {
    json!({ "type": "boolean", "default": default, "description": description })
}

pub(super) fn boolean() -> Value {
    json!({ "type": "boolean" })
}

pub(super) fn role() -> Value {
    told("The default role if absent.")
}

pub(super) fn limit(default: u64, most: u64) -> Value {
    json!({ "type": "integer", "minimum": 1, "maximum": most, "default": default })
}

pub(super) fn skip() -> Value {
    json!({ "type": "integer", "minimum": 0, "default": 0 })
}

pub(super) fn share(default: f64, description: &str) -> Value {
    json!({ "type": "number", "minimum": 0, "maximum": 1, "default": default, "description": description })
}

pub(super) fn count() -> Value {
    json!({ "type": "integer", "minimum": 0 })
}

pub(super) fn number() -> Value {
    json!({ "type": "number" })
}

pub(super) fn one_of(choices: &[&str]) -> Value {
    json!({ "type": "string", "enum": choices })
}

pub(super) fn list(items: Value) -> Value {
    json!({ "type": "array", "items": items })
}

/// What `skip` to pass for more; absent at the end of a list.
pub(super) fn next() -> Value {
    json!({ "type": "integer", "description": "`skip` for the rest; absent at the end." })
}

/// Where something stands in a text.
pub(super) fn span() -> Value {
    object(2, [("start", count()), ("end", count())])
}
