use mcp_runtime::{call, call_raw, get_tool_docs, json, search_tools, workspace, Result, Value};
use std::collections::HashMap;

fn main() -> Result<Value> {
    let arguments: HashMap<&str, i32> = [("a", 1)].into();
    let error = |result: Result<Value>| result.map_or_else(|error| format!("{}: {error} / {}", error.kind, error.hint), |value| value.to_string());
    Ok(json!([
        call("notes", "echo", arguments)?,
        call("notes", "echo", ())?,
        call_raw("notes", "echo", json!({ "text": "é\"\n" }))?,
        error(call("notes", "echo", [1])),
        error(call("notes", "fail", json!({}))),
        error(call("notes", "missing", json!({}))),
        search_tools("notes")?["asked"],
        search_tools(json!({ "category": "x", "limit": 2 }))?["asked"],
        get_tool_docs("notes.search")?,
        get_tool_docs(["a.b", "c.d"])?["docs"],
        error(get_tool_docs("notes.serch")),
        workspace::save("x", json!({ "a": 1 }))?,
        workspace::load("x")?,
        workspace::list()?,
    ]))
}
