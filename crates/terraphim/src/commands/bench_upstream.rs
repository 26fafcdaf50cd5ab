//! A small MCP server over stdio, in a process of its own, for `bench`: it
//! answers at once, so that what is measured is ours.

use std::io::{self, BufRead, Write};

use serde_json::{Value, json};

use crate::error::{CliError, Exit};

pub(crate) fn serve() -> Result<Exit, CliError> {
    let failed = |source| CliError::Process { action: "serve the bench", source };
    let mut out = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let line = line.map_err(failed)?;
        let Ok(request) = serde_json::from_str::<Value>(&line) else { continue };
        let Some(id) = request.get("id") else { continue };
        let answer = match answer(&request) {
            Some(result) => json!({ "jsonrpc": "2.0", "id": id, "result": result }),
            None => {
                let error = json!({ "code": -32601, "message": "method not found" });
                json!({ "jsonrpc": "2.0", "id": id, "error": error })
            }
        };
        writeln!(out, "{answer}").and_then(|()| out.flush()).map_err(failed)?;
    }
    Ok(Exit::Success)
}

fn answer(request: &Value) -> Option<Value> {
    match request.get("method")?.as_str()? {
        "initialize" => Some(json!({
            "protocolVersion": "2025-06-18",
            "capabilities": { "tools": {} },
            "serverInfo": { "name": "bench", "version": env!("CARGO_PKG_VERSION") },
        })),
        "ping" => Some(json!({})),
        "tools/list" => Some(json!({ "tools": [{
            "name": "echo",
            "description": "Gives back what it is given.",
            "inputSchema": { "type": "object", "properties": { "n": { "type": "number" } } },
            "annotations": { "readOnlyHint": true },
        }] })),
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
