use mcp_runtime::{call, json, Value};

fn main() {
    let told = |result: mcp_runtime::Result<Value>| result.map_or_else(|error| format!("{}: {error}", error.kind), |value| value.to_string());
    // After each of these a further call still works.
    for tool in ["refuse", "leave", "missing"] {
        println!("{}", told(call("notes", tool, json!({}))));
        println!("{}", told(call("notes", "echo", json!({ "after": tool }))));
    }
    for text in ["{", "nothing", "[1] x"] {
        println!("{}", told(call("notes", "give", json!({ "text": text }))));
    }
    println!("{}", told(call("notes", "give", json!({ "text": format!("{}1{}", "[".repeat(200), "]".repeat(200)) }))));
}
