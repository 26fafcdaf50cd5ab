//! An example call that is valid against the tool's schema, with as little in it as the schema allows.

mod fits;

use regex_syntax::hir::{Class, Hir, HirKind};
use serde_json::{Map, Number, Value, json};
use terraphim_types::ToolDefinition;

use crate::{
    naming::{ModuleTool, ServerModule},
    schema::resolve,
    typescript::object_key,
};

/// Deepest nesting of an example.
const MAX_DEPTH: usize = 12;
/// Most schemas that are looked at for one example.
const MAX_NODES: usize = 400;
/// Longest example call, in characters; a longer one is not given.
pub(crate) const MAX_CALL_CHARS: usize = 1_500;
/// Longest text that is made for a string, in characters.
const MAX_TEXT_CHARS: usize = 300;

/// A call of the tool as a program writes it; `None` where no short one could be made.
pub fn example_call(module: &ServerModule, named: &ModuleTool, tool: &ToolDefinition) -> Option<String> {
    let arguments = example_arguments(tool)?;
    let identifier = named.identifiers.first()?;
    let literal = if arguments.is_empty() { String::new() } else { javascript(&Value::Object(arguments)) };
    let call = format!("const result = await {}.{identifier}({literal});", module.identifier);
    (call.chars().count() <= MAX_CALL_CHARS).then_some(call)
}

/// Arguments that the tool's input schema allows; `None` where none could be made.
///
/// Where the schema requires nothing, its first property is given, so that the
/// example shows something.
pub fn example_arguments(tool: &ToolDefinition) -> Option<Map<String, Value>> {
    let mut maker = Maker { root: &tool.input_schema, nodes: MAX_NODES };
    let Value::Object(mut map) = maker.make(&tool.input_schema, "args", 0)? else { return None };
    let is_wrong = |map: &Map<String, Value>| {
        let value = Value::Object(map.clone());
        fits::fits(&tool.input_schema, &tool.input_schema, &value) == Some(false)
    };
    if map.is_empty()
        && let Some((name, value)) = maker.first_property()
    {
        let more = Map::from_iter([(name, value)]);
        if !is_wrong(&more) {
            map = more;
        }
    }
    (!is_wrong(&map)).then_some(map)
}

struct Maker<'a> {
    root: &'a Value,
    nodes: usize,
}

impl<'a> Maker<'a> {
    fn first_property(&mut self) -> Option<(String, Value)> {
        let schema = resolve(self.root, self.root);
        // Rules between properties could make one alone invalid.
        let rules =
            ["allOf", "anyOf", "oneOf", "not", "if", "dependentRequired", "dependentSchemas", "dependencies"];
        if rules.iter().any(|word| schema.get(*word).is_some()) {
            return None;
        }
        let (name, property) = schema.get("properties")?.as_object()?.iter().next()?;
        let value = self.make(property, name, 1)?;
        (!value.is_null()).then(|| (name.clone(), value))
    }

    fn make(&mut self, schema: &'a Value, name: &str, depth: usize) -> Option<Value> {
        if depth > MAX_DEPTH || self.nodes == 0 {
            return None;
        }
        self.nodes -= 1;
        let map = match resolve(self.root, schema) {
            Value::Bool(false) => return None,
            Value::Object(map) => map,
            _ => return Some(text(name)),
        };
        if let Some(value) = given(map) {
            return Some(value);
        }
        let mut made = self.make_kind(map, name, depth)?;
        for word in ["allOf", "anyOf", "oneOf"] {
            let Some(Value::Array(branches)) = map.get(word).filter(|branches| **branches != json!([]))
            else {
                continue;
            };
            // A branch that allows null comes last: an example should show something.
            let (nulls, others): (Vec<_>, Vec<_>) = branches
                .iter()
                .take(64)
                .partition(|branch| branch.get("type").is_some_and(|kind| kind == "null"));
            let mut ordered = others.into_iter().chain(nulls);
            if word == "allOf" {
                for branch in ordered {
                    made = self.joined(map, made, branch, name, depth)?;
                }
            } else {
                // Of the alternatives the first counts with which the value is not one too many.
                made = ordered.find_map(|branch| {
                    let value = self.joined(map, made.clone(), branch, name, depth)?;
                    if word == "anyOf" { Some(value) } else { self.only(branches, branch, value, depth) }
                })?;
            }
        }
        Some(made)
    }

    /// What is made so far together with what a branch asks for.
    fn joined(
        &mut self,
        map: &'a Map<String, Value>,
        made: Value,
        branch: &'a Value,
        name: &str,
        depth: usize,
    ) -> Option<Value> {
        // A branch may only narrow the kind that stands beside it.
        let says_kind = map.contains_key("type") || map.contains_key("properties");
        let value = self.make_branch(map, branch, name, depth)?;
        Some(match (made, value) {
            (Value::Object(mut made), Value::Object(more)) => {
                made.extend(more);
                Value::Object(made)
            }
            (made, value) if !says_kind || kind_of(&made) == kind_of(&value) => value,
            (made, _) => made,
        })
    }

    /// The value, if it fits one of the branches alone; else with properties of
    /// `branch` by which it does.
    fn only(
        &mut self,
        branches: &'a [Value],
        branch: &'a Value,
        value: Value,
        depth: usize,
    ) -> Option<Value> {
        let root = self.root;
        let is_only = |value: &Value| {
            let verdicts: Vec<_> = branches.iter().map(|branch| fits::fits(root, branch, value)).collect();
            let yes = verdicts.iter().filter(|fits| **fits == Some(true)).count();
            let unknown = verdicts.iter().filter(|fits| fits.is_none()).count();
            // What cannot be told of the one that it was made for is no other's.
            yes + unknown == 1
        };
        if is_only(&value) {
            return Some(value);
        }
        let Value::Object(mut made) = value else { return None };
        for (name, schema) in fits::properties(root, branch)?.iter().take(8) {
            if made.contains_key(name) {
                continue;
            }
            let Some(more) = self.make(schema, name, depth + 1) else { continue };
            made.insert(name.clone(), more);
            let value = Value::Object(made);
            if is_only(&value) {
                return Some(value);
            }
            let Value::Object(back) = value else { return None };
            made = back;
        }
        None
    }

    /// A value for a branch; the properties that it only requires are made from its neighbour's schemas.
    fn make_branch(
        &mut self,
        beside: &'a Map<String, Value>,
        branch: &'a Value,
        name: &str,
        depth: usize,
    ) -> Option<Value> {
        let target = resolve(self.root, branch).as_object();
        let (Some(Value::Object(properties)), Some(target)) = (beside.get("properties"), target) else {
            return self.make(branch, name, depth + 1);
        };
        if target.contains_key("properties") || !target.contains_key("required") {
            return self.make(branch, name, depth + 1);
        }
        let mut made = Map::new();
        for name in target.get("required")?.as_array()?.iter().filter_map(Value::as_str).take(64) {
            let value = match properties.get(name) {
                Some(schema) => self.make(schema, name, depth + 1)?,
                None => text(name),
            };
            made.insert(name.to_owned(), value);
        }
        Some(Value::Object(made))
    }

    fn make_kind(&mut self, map: &'a Map<String, Value>, name: &str, depth: usize) -> Option<Value> {
        let kind = match map.get("type") {
            Some(Value::String(kind)) => kind.as_str(),
            Some(Value::Array(kinds)) => {
                kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null").unwrap_or("null")
            }
            _ if map.contains_key("properties") || map.contains_key("required") => "object",
            _ if map.contains_key("items") || map.contains_key("prefixItems") => "array",
            _ => "string",
        };
        match kind {
            "null" => Some(Value::Null),
            "boolean" => Some(Value::Bool(true)),
            "integer" | "number" => number(map, kind == "integer"),
            "array" => self.list(map, name, depth),
            "object" => self.object(map, depth),
            "string" => string(map, name),
            _ => None,
        }
    }

    fn list(&mut self, map: &'a Map<String, Value>, name: &str, depth: usize) -> Option<Value> {
        let least = size(map, "minItems").unwrap_or(0);
        let most = size(map, "maxItems").unwrap_or(usize::MAX);
        let places = ["prefixItems", "items"].iter().find_map(|word| map.get(*word)?.as_array());
        if let Some(places) = places {
            let made: Option<Vec<_>> =
                places.iter().take(most.min(32)).map(|place| self.make(place, name, depth + 1)).collect();
            return made.filter(|made| made.len() >= least).map(Value::Array);
        }
        let open = Value::Bool(true);
        let singular = name.strip_suffix('s').unwrap_or(name);
        let item = match map.get("items").filter(|items| **items != open) {
            Some(items) => self.make(items, singular, depth + 1),
            None => Some(text(singular)),
        };
        match item {
            _ if most == 0 => Some(json!([])),
            None => (least == 0).then(|| json!([])),
            Some(item) if least <= 1 => Some(Value::Array(vec![item])),
            Some(item) => distinct(item, least).map(Value::Array),
        }
    }

    fn object(&mut self, map: &'a Map<String, Value>, depth: usize) -> Option<Value> {
        let mut made = Map::new();
        let properties = map.get("properties").and_then(Value::as_object);
        let required = map.get("required").and_then(Value::as_array).into_iter().flatten();
        for name in required.filter_map(Value::as_str).take(200) {
            let schema = properties.and_then(|properties| properties.get(name));
            let schema = schema.or_else(|| map.get("additionalProperties"));
            let value = match schema {
                Some(schema) => self.make(schema, name, depth + 1)?,
                None => text(name),
            };
            made.insert(name.to_owned(), value);
        }
        let least = size(map, "minProperties").unwrap_or(0);
        for (name, schema) in properties.into_iter().flatten() {
            if made.len() >= least {
                break;
            }
            if let Some(value) = self.make(schema, name, depth + 1) {
                made.insert(name.clone(), value);
            }
        }
        if made.len() < least {
            let value = match map.get("additionalProperties") {
                Some(schema) => self.make(schema, "value", depth + 1)?,
                None => text("value"),
            };
            made.insert("key".to_owned(), value);
        }
        (made.len() >= least).then_some(Value::Object(made))
    }
}

/// A value that the schema itself gives and that fits its kind.
fn given(map: &Map<String, Value>) -> Option<Value> {
    if let Some(constant) = map.get("const") {
        return is_shallow(constant, 8).then(|| constant.clone());
    }
    if let Some(Value::Array(values)) = map.get("enum") {
        let chosen = values.iter().find(|value| !value.is_null()).or_else(|| values.first());
        return chosen.filter(|value| is_shallow(value, 8)).cloned();
    }
    let example = map.get("examples").and_then(|list| list.get(0)).or_else(|| map.get("example"));
    [example, map.get("default")]
        .into_iter()
        .flatten()
        .find(|value| is_plain(value) && fits(map, value))
        .cloned()
}

/// Whether a value nests at most `levels` deep, so that it can be copied and written.
fn is_shallow(value: &Value, levels: usize) -> bool {
    match value {
        Value::Array(items) => levels > 0 && items.iter().all(|item| is_shallow(item, levels - 1)),
        Value::Object(map) => levels > 0 && map.values().all(|item| is_shallow(item, levels - 1)),
        _ => true,
    }
}

/// Only scalars are taken over: larger values could break rules that are not checked here.
fn is_plain(value: &Value) -> bool {
    match value {
        Value::String(text) => !text.is_empty() && text.len() <= MAX_TEXT_CHARS,
        Value::Number(_) | Value::Bool(_) => true,
        _ => false,
    }
}

fn fits(map: &Map<String, Value>, value: &Value) -> bool {
    let is_kind =
        |kind: &str| kind == kind_of(value) || kind == "integer" && (value.is_i64() || value.is_u64());
    let kind_fits = match map.get("type") {
        Some(Value::String(kind)) => is_kind(kind),
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).any(is_kind),
        _ => true,
    };
    let limits = [
        "pattern",
        "format",
        "minLength",
        "maxLength",
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
    ];
    kind_fits
        && limits
            .iter()
            .chain(&["multipleOf", "allOf", "anyOf", "oneOf", "not"])
            .all(|word| !map.contains_key(*word))
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn size(map: &Map<String, Value>, word: &str) -> Option<usize> {
    map.get(word).and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok())
}

/// `count` values that differ, made from a scalar.
fn distinct(item: Value, count: usize) -> Option<Vec<Value>> {
    if count > 20 {
        return None;
    }
    let vary = |n: usize| match &item {
        Value::String(text) if n > 0 => Value::String(format!("{text} {}", n + 1)),
        Value::Number(number) if n > 0 => number.as_i64().map_or(item.clone(), |base| json!(base + n as i64)),
        item => item.clone(),
    };
    Some((0..count).map(vary).collect())
}

fn text(name: &str) -> Value {
    let words: String = name.chars().take(40).map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
    Value::String(words.split_whitespace().collect::<Vec<_>>().join(" "))
}

fn string(map: &Map<String, Value>, name: &str) -> Option<Value> {
    if let Some(Value::String(pattern)) = map.get("pattern") {
        return matching(pattern).map(Value::String);
    }
    let made = match map.get("format").and_then(Value::as_str).unwrap_or_default() {
        "date-time" => "2026-01-31T12:00:00Z",
        "date" => "2026-01-31",
        "time" => "12:00:00Z",
        "duration" => "P1D",
        "email" | "idn-email" => "user@example.com",
        "uri" | "url" | "iri" => "https://example.com",
        "uri-reference" | "iri-reference" => "/path",
        "hostname" | "idn-hostname" => "example.com",
        "ipv4" => "192.0.2.1",
        "ipv6" => "2001:db8::1",
        "uuid" => "123e4567-e89b-42d3-a456-426614174000",
        "json-pointer" => "/name",
        "regex" => "^a",
        _ => "",
    };
    let mut made =
        if made.is_empty() { text(name).as_str().unwrap_or_default().to_owned() } else { made.to_owned() };
    let length = made.chars().count();
    let least = size(map, "minLength").unwrap_or(0);
    if least > MAX_TEXT_CHARS {
        return None;
    }
    made.extend(std::iter::repeat_n('x', least.saturating_sub(length)));
    if let Some(most) = size(map, "maxLength") {
        made = made.chars().take(most).collect();
    }
    Some(Value::String(made))
}

fn number(map: &Map<String, Value>, integer: bool) -> Option<Value> {
    let bound = |word: &str| map.get(word).and_then(Value::as_f64);
    let step = bound("multipleOf").filter(|step| *step > 0.0).unwrap_or(1.0);
    let least =
        bound("minimum").unwrap_or(f64::MIN).max(bound("exclusiveMinimum").map_or(f64::MIN, |n| n + step));
    let most =
        bound("maximum").unwrap_or(f64::MAX).min(bound("exclusiveMaximum").map_or(f64::MAX, |n| n - step));
    let mut value = step.max(1.0).clamp(least.min(most), most);
    if bound("multipleOf").is_some() || integer {
        value = (value / step).ceil() * step;
    }
    if integer || value.fract() == 0.0 && value.abs() < 1e15 {
        #[expect(clippy::cast_possible_truncation, reason = "a cast from a float saturates")]
        return Some(json!(value.ceil() as i64));
    }
    Number::from_f64(value).map(Value::Number)
}

/// A short text that matches a regular expression, where one is found.
fn matching(pattern: &str) -> Option<String> {
    // A schema's `pattern` is ECMAScript, which escapes more than is needed here.
    let pattern = pattern.replace("\\/", "/").replace("\\-", "\\x2d");
    if pattern.len() > 500 {
        return None;
    }
    let hir = regex_syntax::ParserBuilder::new().nest_limit(50).build().parse(&pattern).ok()?;
    let mut out = String::new();
    write_match(&hir, &mut out)?;
    (out.chars().count() <= MAX_TEXT_CHARS).then_some(out)
}

fn write_match(hir: &Hir, out: &mut String) -> Option<()> {
    if out.len() > 4 * MAX_TEXT_CHARS {
        return None;
    }
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Some(()),
        HirKind::Literal(literal) => {
            out.push_str(std::str::from_utf8(&literal.0).ok()?);
            Some(())
        }
        HirKind::Class(Class::Unicode(class)) => {
            let ranges = || class.iter();
            let holds = |c: char| ranges().any(|range| (range.start()..=range.end()).contains(&c));
            let nice = ['a', 'A', '1', '0', 'b', '_', '-', ' '].into_iter().find(|c| holds(*c));
            out.push(nice.or_else(|| ranges().map(|range| range.start()).find(|c| !c.is_control()))?);
            Some(())
        }
        HirKind::Class(Class::Bytes(_)) => None,
        HirKind::Repetition(repetition) => {
            // One copy of what may be left out makes a better example than none.
            let count = repetition.min.max(u32::from(repetition.max.is_none()));
            (0..count).try_for_each(|_| write_match(&repetition.sub, out))
        }
        HirKind::Capture(capture) => write_match(&capture.sub, out),
        HirKind::Concat(parts) => parts.iter().try_for_each(|part| write_match(part, out)),
        HirKind::Alternation(parts) => write_match(parts.first()?, out),
    }
}

/// A value as a JavaScript literal with bare keys where they may be bare.
pub(crate) fn javascript(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(javascript).collect::<Vec<_>>().join(", ")),
        Value::Object(map) if map.is_empty() => "{}".to_owned(),
        Value::Object(map) => {
            // Written plainly, that key would set the prototype instead of a property.
            let key = |key: &str| if key == "__proto__" { format!("[\"{key}\"]") } else { object_key(key) };
            let entry = |(name, value): (&String, &Value)| format!("{}: {}", key(name), javascript(value));
            format!("{{ {} }}", map.iter().map(entry).collect::<Vec<_>>().join(", "))
        }
        scalar => scalar.to_string(),
    }
}
