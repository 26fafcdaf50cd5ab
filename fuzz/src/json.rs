//! Changes to a JSON document as a tree, so that most inputs reach what stands
//! behind the parser. Now and then the bytes are changed instead.

use serde_json::{Map, Value, json};

/// Words of JSON Schema and of tool definitions.
pub const SCHEMA: &[&str] = &[
    "$anchor",
    "$defs",
    "$id",
    "$ref",
    "_meta",
    "additionalProperties",
    "allOf",
    "annotations",
    "anyOf",
    "const",
    "contains",
    "default",
    "definitions",
    "dependentRequired",
    "dependentSchemas",
    "description",
    "else",
    "enum",
    "examples",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "format",
    "if",
    "inputSchema",
    "items",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "name",
    "not",
    "nullable",
    "oneOf",
    "outputSchema",
    "pattern",
    "patternProperties",
    "prefixItems",
    "properties",
    "propertyNames",
    "readOnlyHint",
    "required",
    "result",
    "terraphim",
    "then",
    "title",
    "total",
    "type",
    "uniqueItems",
    "x-fastmcp-wrap-result",
];

/// Values that mean something to what is tested.
pub const MEANINGS: &[&str] = &[
    "",
    "#",
    "#/$defs/a",
    "#/properties/a",
    "*/",
    "../x",
    "AAAA",
    "^(a+)+$",
    "^[a-z]{2,}$",
    "__proto__",
    "a",
    "array",
    "audio",
    "blob",
    "boolean",
    "class",
    "constructor",
    "content",
    "data",
    "date-time",
    "default",
    "docs",
    "import",
    "image",
    "image/png",
    "integer",
    "isError",
    "mcp-servers",
    "mcp-servers/s",
    "mimeType",
    "null",
    "number",
    "object",
    "resource",
    "s.a",
    "search_tools",
    "string",
    "structuredContent",
    "text",
    "then",
    "tool",
    "tool_docs",
    "type",
    "uri",
    "workspace.list",
    "workspace.load",
    "workspace.save",
    "\n`${x}`\\\"'",
    "\u{0}",
    "\u{2028}\u{202e}",
    "😀",
];

/// Longest text that a change makes, in bytes.
const MAX_TEXT: usize = 600;

/// A sequence of numbers that looks random and depends on the seed alone.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % sides.max(1) as u64) as usize
    }

    fn pick<'w>(&mut self, words: &'w [&'w str]) -> &'w str {
        words[self.roll(words.len())]
    }

    fn word(&mut self) -> String {
        let words = if self.roll(2) == 0 { SCHEMA } else { MEANINGS };
        self.pick(words).to_owned()
    }
}

/// Changes `data[..size]`, JSON or lines of JSON; answers the new length.
pub fn mutate(data: &mut [u8], size: usize, max_size: usize, seed: u32) -> usize {
    let mut dice = Dice((u64::from(seed) << 1) | 1);
    dice.roll(2);
    if dice.roll(5) == 0 {
        return libfuzzer_sys::fuzzer_mutate(data, size, max_size);
    }
    let Some(changed) = changed(&data[..size], &mut dice) else {
        return libfuzzer_sys::fuzzer_mutate(data, size, max_size);
    };
    match data.get_mut(..changed.len()) {
        Some(target) if changed.len() <= max_size => {
            target.copy_from_slice(&changed);
            changed.len()
        }
        _ => libfuzzer_sys::fuzzer_mutate(data, size, max_size),
    }
}

fn changed(data: &[u8], dice: &mut Dice) -> Option<Vec<u8>> {
    if let Ok(mut value) = serde_json::from_slice(data) {
        change_some(&mut value, dice);
        return serde_json::to_vec(&value).ok();
    }
    let mut lines: Vec<Vec<u8>> = data.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    let chosen = dice.roll(lines.len());
    let line = lines.get_mut(chosen)?;
    let mut value = serde_json::from_slice(line).ok()?;
    change_some(&mut value, dice);
    *line = serde_json::to_vec(&value).ok()?;
    Some(lines.join(&b'\n'))
}

fn change_some(value: &mut Value, dice: &mut Dice) {
    for _ in 0..=dice.roll(3) {
        change(value, dice);
    }
}

fn change(root: &mut Value, dice: &mut Dice) {
    let count = nodes(root);
    let donor = node(root, &mut dice.roll(count)).map(|value| value.clone()).unwrap_or_default();
    let Some(target) = node(root, &mut dice.roll(count)) else { return };
    match dice.roll(9) {
        0 | 1 => *target = leaf(dice),
        2 => *target = donor,
        3 => *target = json!([target.take()]),
        4 => {
            let mut map = Map::new();
            map.insert(dice.word(), target.take());
            *target = Value::Object(map);
        }
        5 => remove(target, dice),
        6 => rename(target, dice),
        _ => insert(target, donor, dice),
    }
}

fn remove(target: &mut Value, dice: &mut Dice) {
    match target {
        Value::Array(items) if !items.is_empty() => {
            let at = dice.roll(items.len());
            items.remove(at);
        }
        Value::Object(map) => {
            let key = map.keys().nth(dice.roll(map.len())).cloned();
            key.and_then(|key| map.shift_remove(&key));
        }
        other => *other = Value::Null,
    }
}

fn rename(target: &mut Value, dice: &mut Dice) {
    let Value::Object(map) = target else { return *target = leaf(dice) };
    let key = map.keys().nth(dice.roll(map.len())).cloned();
    if let Some(value) = key.and_then(|key| map.shift_remove(&key)) {
        map.insert(dice.word(), value);
    }
}

fn insert(target: &mut Value, donor: Value, dice: &mut Dice) {
    let value = if dice.roll(2) == 0 { donor } else { leaf(dice) };
    match target {
        Value::Array(items) => items.insert(dice.roll(items.len() + 1), value),
        Value::Object(map) => {
            map.insert(dice.word(), value);
        }
        other => *other = value,
    }
}

fn leaf(dice: &mut Dice) -> Value {
    match dice.roll(12) {
        0 => Value::Null,
        1 => json!(true),
        2 => json!(false),
        3 => json!(dice.roll(4)),
        4 => json!(-1),
        5 => json!(u64::MAX),
        6 => json!(1e300),
        7 => json!(0.1),
        8 => json!({}),
        9 => json!([]),
        10 => {
            let word = dice.word();
            let times = MAX_TEXT / word.len().max(1);
            Value::String(word.repeat(dice.roll(times.max(1))))
        }
        _ => Value::String(dice.word()),
    }
}

fn nodes(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(nodes).sum(),
        Value::Object(map) => map.values().map(nodes).sum(),
        _ => 0,
    }
}

/// The node with that number in the order of the text.
fn node<'v>(value: &'v mut Value, number: &mut usize) -> Option<&'v mut Value> {
    if *number == 0 {
        return Some(value);
    }
    *number -= 1;
    match value {
        Value::Array(items) => items.iter_mut().find_map(|item| node(item, number)),
        Value::Object(map) => map.values_mut().find_map(|item| node(item, number)),
        _ => None,
    }
}
