//! A small MCP server over stdio, in a process of its own, for `bench`: it
//! answers at once, so that what is measured is ours.

use std::{
    collections::HashMap,
    fs,
    io::{self, BufRead, Write},
    path::Path,
};

use serde_json::{Value, json};

use crate::error::{CliError, Exit};

/// Serves until its input ends; lists `tools` further tools beside its own, or the
/// first so many of a file.
pub(crate) fn serve(tools: u32, definitions: Option<&Path>) -> Result<Exit, CliError> {
    let failed = |source| CliError::Process { action: "serve the bench", source };
    let read = |path: &Path| {
        let text = fs::read_to_string(path);
        text.map_err(|source| CliError::Read { path: path.to_owned(), source })
    };
    let listed = match definitions {
        Some(path) => Some(defined(&read(path)?, tools)),
        None => None,
    };
    let mut out = io::stdout().lock();
    let mut long = HashMap::new();
    for line in io::stdin().lock().lines() {
        let line = line.map_err(failed)?;
        let Ok(request) = serde_json::from_str::<Value>(&line) else { continue };
        let Some(id) = request.get("id") else { continue };
        let result = match request.pointer("/params/arguments/mib").and_then(Value::as_u64) {
            Some(mib) => {
                let rows = request.pointer("/params/name").and_then(Value::as_str) == Some("rows");
                long.entry((rows, mib)).or_insert_with(|| long_reply(rows, mib)).clone()
            }
            None => answer(&request, || listed.clone().unwrap_or_else(|| list(tools)))
                .map(|result| result.to_string())
                .unwrap_or_default(),
        };
        let written = if result.is_empty() {
            let error = json!({ "code": -32601, "message": "method not found" });
            writeln!(out, "{}", json!({ "jsonrpc": "2.0", "id": id, "error": error }))
        } else {
            writeln!(out, "{{\"jsonrpc\":\"2.0\",\"id\":{id},\"result\":{result}}}")
        };
        written.and_then(|()| out.flush()).map_err(failed)?;
    }
    Ok(Exit::Success)
}

fn answer(request: &Value, tools: impl Fn() -> Vec<Value>) -> Option<Value> {
    match request.get("method")?.as_str()? {
        "initialize" => Some(json!({
            "protocolVersion": "2025-06-18",
            "capabilities": { "tools": {} },
            "serverInfo": { "name": "bench", "version": env!("CARGO_PKG_VERSION") },
        })),
        "ping" => Some(json!({})),
        "tools/list" => Some(json!({ "tools": tools() })),
        "tools/call" => {
            let arguments = request.pointer("/params/arguments").cloned().unwrap_or_else(|| json!({}));
            Some(json!({
                "content": [{ "type": "text", "text": arguments.to_string() }],
                "structuredContent": arguments,
            }))
        }
        _ => None,
    }
}

/// The first tools of a text that has a JSON object with `tool` on each line.
fn defined(text: &str, most: u32) -> Vec<Value> {
    let tools =
        text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()?.get("tool").cloned());
    tools.take(most as usize).collect()
}

fn list(tools: u32) -> Vec<Value> {
    let tool = |name: &str, argument: &str, description: &str| {
        json!({
            "name": name,
            "description": description,
            "inputSchema": {
                "type": "object",
                "properties": { argument: { "type": "number", "description": "how much" } },
            },
            "annotations": { "readOnlyHint": true },
        })
    };
    let mut list = vec![
        tool("echo", "n", "Gives back what it is given."),
        tool("text", "mib", "Gives so many MiB of text."),
        tool("rows", "mib", "Gives so many MiB of rows."),
    ];
    list.extend((0..tools).map(|number| {
        tool(&format!("tool_{number}"), "n", &format!("Gives what number {number} is about, and no more."))
    }));
    list
}

/// A result of about that length.
fn long_reply(rows: bool, mib: u64) -> String {
    let bytes = usize::try_from(mib).unwrap_or(0) << 20;
    if !rows {
        let line = "A line of text as logs and pages have it, with a few words and a number 1234.\\n";
        let text = line.repeat(bytes / line.len());
        return format!("{{\"content\":[{{\"type\":\"text\",\"text\":\"{text}\"}}]}}");
    }
    let row = |number: usize| json!({ "id": number, "name": format!("row {number}"), "price": 12.5, "tags": ["a", "b"], "open": true });
    let each = row(100_000).to_string().len() + 1;
    let list: Vec<Value> = (0..bytes / each).map(row).collect();
    json!({ "content": [], "structuredContent": { "rows": list } }).to_string()
}
