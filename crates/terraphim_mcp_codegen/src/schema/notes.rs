//! What a schema says about a value that its type cannot: description, limits, default.

use serde_json::{Map, Value};

use super::Type;
use crate::bounded;

/// Longest fact, such as a pattern or a default, in characters.
const MAX_FACT_CHARS: usize = 80;

/// What is said beside the type.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Notes {
    pub(crate) description: Option<String>,
    /// Limits, format and default in words, such as `1 to 1000` or `default 20`.
    pub(crate) facts: Vec<String>,
    /// The default, where it is short and flat.
    pub(crate) default: Option<Value>,
    pub(crate) deprecated: bool,
}

impl Notes {
    /// Reads the notes of a schema whose type is `ty`; its description is cut to `chars`.
    pub(crate) fn of(map: &Map<String, Value>, ty: &Type, chars: usize) -> Self {
        let text = |word: &str| map.get(word).and_then(Value::as_str).filter(|text| !text.trim().is_empty());
        let description = text("description").or_else(|| text("title"));
        Self {
            description: description
                .map(|text| bounded::cut(&bounded::visible(text), chars).trim().to_owned()),
            facts: facts(map, ty),
            default: map.get("default").filter(|value| !value.is_null() && !is_deep(value)).cloned(),
            deprecated: map.get("deprecated") == Some(&Value::Bool(true)),
        }
    }

    /// Whether there is nothing to say.
    pub(crate) fn is_empty(&self) -> bool {
        self.description.is_none() && self.facts.is_empty() && !self.deprecated
    }
}

fn facts(map: &Map<String, Value>, ty: &Type) -> Vec<String> {
    let mut facts = Vec::new();
    if matches!(ty, Type::Integer) {
        facts.push("integer".to_owned());
    }
    if let Some(Value::String(format)) = map.get("format") {
        facts.push(short(format));
    }
    facts.extend(range(map, "minimum", "maximum", ""));
    for (word, sign) in
        [("exclusiveMinimum", "above"), ("exclusiveMaximum", "below"), ("multipleOf", "multiple of")]
    {
        if let Some(Value::Number(number)) = map.get(word) {
            facts.push(format!("{sign} {number}"));
        }
    }
    facts.extend(range(map, "minLength", "maxLength", " character"));
    facts.extend(range(map, "minItems", "maxItems", " item"));
    if map.get("uniqueItems") == Some(&Value::Bool(true)) {
        facts.push("no duplicates".to_owned());
    }
    if let Some(Value::String(pattern)) = map.get("pattern") {
        facts.push(format!("matches {}", short(pattern)));
    }
    if let Some(value) = map.get("default").filter(|value| !value.is_null()) {
        facts.push(format!("default {}", short_json(value)));
    }
    if let Some(value) = map.get("examples").and_then(|list| list.get(0)).or_else(|| map.get("example")) {
        facts.push(format!("for example {}", short_json(value)));
    }
    facts
}

fn range(map: &Map<String, Value>, least: &str, most: &str, unit: &str) -> Option<String> {
    let number = |word: &str| map.get(word).and_then(Value::as_number);
    let counted = |number: &serde_json::Number| match (unit, number.as_u64()) {
        ("", _) | (_, Some(1)) => format!("{number}{unit}"),
        _ => format!("{number}{unit}s"),
    };
    match (number(least), number(most)) {
        (Some(least), Some(most)) if least == most => Some(format!("exactly {}", counted(least))),
        (Some(least), Some(most)) => Some(format!("{least} to {}", counted(most))),
        (Some(least), None) if unit.is_empty() || least.as_u64() != Some(0) => {
            Some(format!("at least {}", counted(least)))
        }
        (None, Some(most)) => Some(format!("at most {}", counted(most))),
        _ => None,
    }
}

fn short(text: &str) -> String {
    bounded::one_line(text, MAX_FACT_CHARS)
}

/// JSON cut to a fact's length, written without walking more of a large value than that needs.
fn short_json(value: &Value) -> String {
    match value {
        Value::Array(items) if items.len() > 20 => format!("a list of {}", items.len()),
        Value::Object(map) if map.len() > 20 => format!("an object of {}", map.len()),
        Value::String(text) => short(&Value::from(bounded::cut(text, MAX_FACT_CHARS).as_ref()).to_string()),
        Value::Array(items) if items.iter().any(is_nested) => format!("a list of {}", items.len()),
        Value::Object(map) if map.values().any(is_nested) => format!("an object of {}", map.len()),
        value => short(&value.to_string()),
    }
}

/// Whether a value holds more than a flat list or object of scalars.
fn is_deep(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.len() > 20 || items.iter().any(is_nested),
        Value::Object(map) => map.len() > 20 || map.values().any(is_nested),
        Value::String(text) => text.len() > 1_000,
        _ => false,
    }
}

fn is_nested(value: &Value) -> bool {
    match value {
        Value::Array(items) => !items.is_empty(),
        Value::Object(map) => !map.is_empty(),
        _ => false,
    }
}
