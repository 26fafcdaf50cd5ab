//! Whether a value fits a schema, as far as that can be told in few steps: an
//! example is better left out than wrong. Not a validator: what it does not
//! know it says.

use serde_json::{Map, Value};

use super::matching;
use crate::schema::{pointed, resolve};

/// How deep schemas and values are followed, and in how many steps.
const MAX_DEPTH: usize = 24;
const MAX_STEPS: usize = 20_000;

/// Whether `value` fits; `None` where it cannot be told.
pub(super) fn fits(root: &Value, schema: &Value, value: &Value) -> Option<bool> {
    Check { root, steps: MAX_STEPS }.schema(schema, value, 0)
}

struct Check<'s> {
    root: &'s Value,
    steps: usize,
}

/// Both, where "no" is surer than "not known".
fn and(left: Option<bool>, right: Option<bool>) -> Option<bool> {
    match (left, right) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

fn not(verdict: Option<bool>) -> Option<bool> {
    verdict.map(|fits| !fits)
}

impl<'s> Check<'s> {
    fn schema(&mut self, schema: &'s Value, value: &Value, depth: usize) -> Option<bool> {
        if depth > MAX_DEPTH || self.steps == 0 {
            return None;
        }
        self.steps -= 1;
        let keywords = match schema {
            Value::Bool(fits) => return Some(*fits),
            Value::Object(keywords) => keywords,
            _ => return None,
        };
        let referred = match keywords.get("$ref").and_then(Value::as_str) {
            None => Some(true),
            Some(reference) => {
                let target = pointed(self.root, reference)?;
                self.schema(target, value, depth + 1)
            }
        };
        if ["$dynamicRef", "$recursiveRef", "unevaluatedProperties", "unevaluatedItems", "contains"]
            .iter()
            .any(|word| keywords.contains_key(*word))
        {
            return and(referred, None);
        }
        let here = and(referred, Some(kind_fits(keywords, value)));
        let here = and(here, self.combined(keywords, value, depth));
        let within = match value {
            Value::Object(members) => self.members(keywords, members, depth),
            Value::Array(items) => self.items(keywords, items, depth),
            Value::String(text) => text_fits(keywords, text),
            Value::Number(number) => number.as_f64().map(|number| number_fits(keywords, number)),
            _ => Some(true),
        };
        and(here, within)
    }

    fn combined(&mut self, keywords: &'s Map<String, Value>, value: &Value, depth: usize) -> Option<bool> {
        let mut verdict = Some(true);
        for word in ["allOf", "anyOf", "oneOf"] {
            let Some(Value::Array(branches)) = keywords.get(word) else { continue };
            let (mut yes, mut unknown) = (0, 0);
            for branch in branches {
                match self.schema(branch, value, depth + 1) {
                    Some(true) => yes += 1,
                    Some(false) => {}
                    None => unknown += 1,
                }
            }
            let fits = match word {
                "allOf" if yes == branches.len() => Some(true),
                "allOf" if yes + unknown < branches.len() => Some(false),
                "anyOf" if yes > 0 => Some(true),
                "oneOf" if yes > 1 => Some(false),
                "oneOf" if yes == 1 && unknown == 0 => Some(true),
                "anyOf" | "oneOf" if yes + unknown == 0 => Some(false),
                _ => None,
            };
            verdict = and(verdict, fits);
        }
        if let Some(schema) = keywords.get("not") {
            verdict = and(verdict, not(self.schema(schema, value, depth + 1)));
        }
        if let Some(condition) = keywords.get("if") {
            let branch = match self.schema(condition, value, depth + 1) {
                Some(true) => keywords.get("then"),
                Some(false) => keywords.get("else"),
                None => return and(verdict, None),
            };
            if let Some(branch) = branch {
                verdict = and(verdict, self.schema(branch, value, depth + 1));
            }
        }
        verdict
    }

    fn members(
        &mut self,
        keywords: &'s Map<String, Value>,
        members: &Map<String, Value>,
        depth: usize,
    ) -> Option<bool> {
        let required = keywords.get("required").and_then(Value::as_array).into_iter().flatten();
        let has = |name: &Value| name.as_str().is_none_or(|name| members.contains_key(name));
        let length = |word: &str| keywords.get(word).and_then(Value::as_u64);
        let count = members.len() as u64;
        if !required.into_iter().all(has)
            || length("minProperties").is_some_and(|least| count < least)
            || length("maxProperties").is_some_and(|most| count > most)
        {
            return Some(false);
        }
        let mut verdict = Some(true);
        let properties = keywords.get("properties").and_then(Value::as_object);
        let has_patterns =
            keywords.get("patternProperties").is_some_and(|map| map != &Value::Object(Map::new()));
        for (name, member) in members {
            let known = properties.and_then(|properties| properties.get(name));
            let fits = match (known, keywords.get("additionalProperties")) {
                (_, _) if has_patterns => None,
                (Some(schema), _) | (None, Some(schema)) => self.schema(schema, member, depth + 1),
                (None, None) => Some(true),
            };
            verdict = and(verdict, fits);
        }
        if keywords.contains_key("propertyNames") {
            verdict = and(verdict, if members.is_empty() { Some(true) } else { None });
        }
        for word in ["dependentRequired", "dependencies", "dependentSchemas"] {
            let Some(Value::Object(all)) = keywords.get(word) else { continue };
            for (_, needed) in all.iter().filter(|(name, _)| members.contains_key(*name)) {
                let fits = match needed {
                    Value::Array(names) => Some(names.iter().all(has)),
                    schema => self.schema(schema, &Value::Object(members.clone()), depth + 1),
                };
                verdict = and(verdict, fits);
            }
        }
        verdict
    }

    fn items(&mut self, keywords: &'s Map<String, Value>, items: &[Value], depth: usize) -> Option<bool> {
        let length = |word: &str| keywords.get(word).and_then(Value::as_u64);
        let count = items.len() as u64;
        let is_unique = keywords.get("uniqueItems") == Some(&Value::Bool(true));
        let repeats =
            || items.iter().enumerate().any(|(at, item)| items.iter().take(at).any(|other| other == item));
        if length("minItems").is_some_and(|least| count < least)
            || length("maxItems").is_some_and(|most| count > most)
            || is_unique && repeats()
        {
            return Some(false);
        }
        let places = ["prefixItems", "items"].iter().find_map(|word| keywords.get(*word)?.as_array());
        let rest = match keywords.get("items") {
            Some(Value::Array(_)) => keywords.get("additionalItems"),
            rest => rest,
        };
        let mut verdict = Some(true);
        for (place, item) in items.iter().enumerate() {
            if let Some(schema) = places.and_then(|places| places.get(place)).or(rest) {
                verdict = and(verdict, self.schema(schema, item, depth + 1));
            }
        }
        verdict
    }
}

fn kind_fits(keywords: &Map<String, Value>, value: &Value) -> bool {
    let is_kind = |kind: &str| {
        let is_whole = value.as_f64().is_some_and(|number| number.fract() == 0.0);
        kind == super::kind_of(value) || kind == "integer" && is_whole
    };
    let kind = match keywords.get("type") {
        Some(Value::String(kind)) => is_kind(kind),
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).any(is_kind),
        _ => true,
    };
    let is_allowed = keywords.get("enum").and_then(Value::as_array).is_none_or(|all| all.contains(value));
    kind && is_allowed && keywords.get("const").is_none_or(|constant| constant == value)
}

fn text_fits(keywords: &Map<String, Value>, text: &str) -> Option<bool> {
    let length = |word: &str| keywords.get(word).and_then(Value::as_u64);
    let count = text.chars().count() as u64;
    if length("minLength").is_some_and(|least| count < least)
        || length("maxLength").is_some_and(|most| count > most)
    {
        return Some(false);
    }
    match keywords.get("pattern").and_then(Value::as_str) {
        // A text that was made from the pattern is known to match it, and no other is.
        Some(pattern) => (matching(pattern).as_deref() == Some(text)).then_some(true),
        None => Some(true),
    }
}

fn number_fits(keywords: &Map<String, Value>, number: f64) -> bool {
    let bound = |word: &str| keywords.get(word).and_then(Value::as_f64);
    let is_exclusive = |word: &str| keywords.get(word) == Some(&Value::Bool(true));
    let is_step = |step: f64| step <= 0.0 || (number / step).fract().abs() < 1e-9;
    bound("minimum")
        .is_none_or(|least| number > least || number >= least && !is_exclusive("exclusiveMinimum"))
        && bound("maximum")
            .is_none_or(|most| number < most || number <= most && !is_exclusive("exclusiveMaximum"))
        && bound("exclusiveMinimum").is_none_or(|least| number > least)
        && bound("exclusiveMaximum").is_none_or(|most| number < most)
        && bound("multipleOf").is_none_or(is_step)
}

/// The properties of a branch, for an example that has to be told from others.
pub(super) fn properties<'s>(root: &'s Value, branch: &'s Value) -> Option<&'s Map<String, Value>> {
    resolve(root, branch).get("properties")?.as_object()
}
