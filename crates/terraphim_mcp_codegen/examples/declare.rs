//! Prints the TypeScript declarations of every server in a file of tools, one
//! `{server, tool}` object on each line, so that a compiler can check them.
//!
//! `cargo run -p terraphim_mcp_codegen --example declare -- TOOLS.jsonl > servers.d.ts`

use std::{collections::BTreeMap, error::Error, fs};

use serde_json::Value;
use terraphim_mcp_codegen::{module_declarations, server_modules};
use terraphim_types::{ServerName, ToolDefinition};

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("give the file with the tools")?;
    let mut servers: BTreeMap<ServerName, Vec<ToolDefinition>> = BTreeMap::new();
    for line in fs::read_to_string(path)?.lines() {
        let line: Value = serde_json::from_str(line)?;
        let server = line.get("server").and_then(Value::as_str).unwrap_or_default();
        let tool = serde_json::from_value(line.get("tool").cloned().unwrap_or_default())?;
        servers.entry(ServerName::new(server)?).or_default().push(tool);
    }
    let pairs: Vec<_> = servers.iter().map(|(server, tools)| (server, tools.as_slice())).collect();
    for (module, (_, tools)) in server_modules(&pairs).iter().zip(&pairs) {
        println!("{}", module_declarations(module, None, tools));
    }
    Ok(())
}
