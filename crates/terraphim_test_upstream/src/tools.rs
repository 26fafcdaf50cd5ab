//! The tools: their definitions and what they answer.

use std::{fs, path::Path};

use serde_json::{Value, json};

use crate::options::Options;

/// A 1x1 PNG.
const PIXEL: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

pub(crate) fn definitions(options: &Options, grown: usize) -> Vec<Value> {
    let mut tools = vec![
        tool("echo", "Answers with its arguments.", json!({ "type": "object" }), true),
        tool(
            "add",
            "Adds two numbers.",
            json!({
                "type": "object",
                "properties": { "a": { "type": "number" }, "b": { "type": "number" } },
                "required": ["a", "b"],
                "additionalProperties": false,
            }),
            true,
        ),
        tool(
            "write_note",
            "Writes a note.",
            json!({
                "type": "object",
                "properties": { "title": { "type": "string" }, "text": { "type": "string" } },
                "required": ["title", "text"],
            }),
            false,
        ),
        tool("big", "Answers with a text of that many bytes.", one("bytes", "integer"), true),
        tool("fail", "Always fails.", json!({ "type": "object" }), true),
        tool(
            "image",
            "Answers with an image and a block of an unknown type.",
            json!({ "type": "object" }),
            true,
        ),
        tool("slow", "Answers after that many milliseconds.", one("ms", "integer"), true),
        tool("text_json", "Answers with JSON as text only.", json!({ "type": "object" }), true),
        list_items(),
        tool("env", "The value of an environment variable, or null.", one("name", "string"), true),
        tool("cancelled", "How many cancellations were received.", json!({ "type": "object" }), true),
        tool("grow", "Adds a tool and announces it.", json!({ "type": "object" }), true),
        tool("odd_schema", "Has an input schema that is none.", json!({ "type": 5 }), true),
    ];
    tools.extend((0..options.tools).map(|index| filler(&format!("tool_{index}"))));
    tools.extend(options.definitions.iter().flat_map(|file| read(file)));
    tools.extend((0..grown).map(|index| filler(&format!("grown_{index}"))));
    if options.bad_tool {
        tools.insert(1, json!(42));
        tools.insert(2, json!({ "description": "has no name" }));
        tools.insert(3, json!({ "name": "bad_annotations", "inputSchema": {}, "annotations": "none" }));
        tools.insert(4, json!({ "name": "bad_schema", "inputSchema": "none" }));
    }
    tools
}

/// The tools of a file; a test that names a broken file sees none of them.
fn read(file: &Path) -> Vec<Value> {
    let lines = fs::read_to_string(file).unwrap_or_default();
    let lines = lines.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.filter_map(|mut line| line.get_mut("tool").map(Value::take)).collect()
}

fn filler(name: &str) -> Value {
    tool(name, "One of many.", one("text", "string"), true)
}

fn tool(name: &str, description: &str, input: Value, read_only: bool) -> Value {
    let mut tool = json!({ "name": name, "description": description, "inputSchema": input });
    if read_only && let Some(tool) = tool.as_object_mut() {
        tool.insert("annotations".into(), json!({ "readOnlyHint": true }));
    }
    tool
}

fn one(name: &str, kind: &str) -> Value {
    json!({ "type": "object", "properties": { name: { "type": kind } }, "required": [name] })
}

fn list_items() -> Value {
    json!({
        "name": "list_items",
        "description": "Lists `count` items.",
        "inputSchema": { "type": "object", "properties": { "count": { "type": "integer", "minimum": 0, "maximum": 10_000 } } },
        "outputSchema": {
            "type": "object",
            "properties": { "items": { "type": "array", "items": {
                "type": "object",
                "properties": { "id": { "type": "integer" }, "label": { "type": "string" } },
                "required": ["id", "label"],
            } } },
            "required": ["items"],
        },
        "annotations": { "readOnlyHint": true },
    })
}

/// The result of a tool that needs nothing of the server's state; `None` if there is no such tool.
pub(crate) fn answer(name: &str, arguments: &Value) -> Option<Value> {
    let number = |key: &str| arguments.get(key).and_then(Value::as_f64).unwrap_or_default();
    Some(match name {
        "echo" => structured(arguments.clone()),
        "add" => structured(json!({ "sum": number("a") + number("b") })),
        "write_note" => text("written"),
        "big" => text(&"x".repeat(number("bytes") as usize)),
        "fail" => json!({ "content": [{ "type": "text", "text": "it failed on purpose" }], "isError": true }),
        "image" => json!({ "content": [
            { "type": "image", "data": PIXEL, "mimeType": "image/png", "_meta": { "kept": true } },
            { "type": "hologram", "shape": [1, 2, 3] },
        ] }),
        "slow" => text("done"),
        "text_json" => text(r#"{"answer": 42, "list": [1, 2]}"#),
        "list_items" => {
            let items =
                (0..number("count") as u64).map(|id| json!({ "id": id, "label": format!("item {id}") }));
            structured(json!({ "items": items.collect::<Vec<_>>() }))
        }
        "env" => {
            let name = arguments.get("name").and_then(Value::as_str).unwrap_or_default();
            structured(json!({ "value": std::env::var(name).ok() }))
        }
        // Of a file's tools, whatever they declare.
        name if name.starts_with("typed_") => structured(arguments.clone()),
        name if name.starts_with("tool_") || name.starts_with("grown_") => text(name),
        _ => return None,
    })
}

pub(crate) fn structured(value: Value) -> Value {
    json!({ "content": [{ "type": "text", "text": value.to_string() }], "structuredContent": value })
}

pub(crate) fn text(text: &str) -> Value {
    json!({ "content": [{ "type": "text", "text": text }] })
}
