//! The code-mode tools as `tools/list` shows them. Their schemas are written
//! by hand, because every model pays for them at every step.

use serde_json::{Value, json};
use terraphim_types::{ToolAnnotations, ToolDefinition};

pub(crate) const EXECUTE_CODE: &str = "execute_code";
pub(crate) const SEARCH_TOOLS: &str = "search_tools";
pub(crate) const GET_TOOL_DOCS: &str = "get_tool_docs";
pub(crate) const WAIT: &str = "wait";

const EXECUTE_CODE_DESCRIPTION: &str = "\
Runs a TypeScript, Python, Bash or Rust program in a sandbox; only its result comes back. Prefer one program to many tool calls: it calls \
the connected MCP servers as modules, and loops, filters and joins there.

import { terraphim } from 'mcp-servers'; // one object per server
const docs = await terraphim.search({ query: 'rust async', limit: 100 });
const good = docs.filter(d => d.rank > 0.8);
return { total: good.length, byTopic: countBy(good, 'topic') };

- Find tools with search_tools, their types with get_tool_docs (or searchTools and getToolDocs from 'mcp-runtime').
- Top-level await and return work. Calls give values, run in parallel with Promise.all and throw ToolError.
- Return little: a result over 24 KB is kept in the workspace and shown as a preview.
- Without import: groupBy, countBy, sumBy, sortBy, topN, uniqBy, chunk, pick, omit. No fetch, fs or npm. console.* goes to \
the logs.
- `workspace` from 'mcp-runtime' keeps data between runs: await saveData(name, value), loadData(name), list(), checkpoint(name), restore(name).
- Python: `from mcp_servers import terraphim`; terraphim.search(query='rust') as it stands or with await; names are \
group_by, search_tools, save_data; the last expression is the result; files in the working folder are kept.
- Bash: `mcp call terraphim.search query='rust' limit:=9 | jq '.[0]'`; standard output is the result.
- Rust: one file with std, `use mcp_servers::terraphim;` and mcp_runtime; what main returns or prints is the result.
- node: the same programs as TypeScript by node itself: faster in long computations, with node:fs on /workspace.
- An error names the line: correct it and run again.";

const SEARCH_TOOLS_DESCRIPTION: &str = "\
Finds tools of the connected servers by what they do, as `server.tool` with signatures to call in execute_code: \
`await server.tool(args)`. Without arguments it lists categories and capabilities.";

const GET_TOOL_DOCS_DESCRIPTION: &str = "\
Parameters, result types and an example call of tools, for writing a program for execute_code.";

const WAIT_DESCRIPTION: &str = "\
Waits for a run of execute_code that answered status \"running\", and gives its outcome.";

/// The code-mode tools, in the order in which they are shown.
pub(crate) fn code_tools() -> [ToolDefinition; 4] {
    [execute_code(), search_tools(), get_tool_docs(), wait()]
}

/// The names of the code-mode tools.
pub(crate) const CODE_TOOLS: [&str; 4] = [EXECUTE_CODE, SEARCH_TOOLS, GET_TOOL_DOCS, WAIT];

/// The code-mode tools as one JSON text, as in `tools/list`.
pub fn face_json() -> String {
    json!(code_tools()).to_string()
}

fn execute_code() -> ToolDefinition {
    let input = json!({
        "type": "object",
        "properties": {
            "code": { "type": "string" },
            "language": language(),
            "session_id": {
                "type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$",
                "description": "Programs of one id share files; in TypeScript and Python variables and functions, too.",
            },
            "reset_session": { "type": "boolean", "default": false },
            "timeout_ms": { "type": "integer", "minimum": 100, "maximum": 600_000, "default": 30_000 },
            "memory_mb": { "type": "integer", "minimum": 16, "maximum": 1024, "default": 256 },
            "check": { "type": "boolean", "default": false, "description": "Refuse TypeScript whose types are wrong." },
        },
        "required": ["code"],
    });
    let hints = ToolAnnotations {
        read_only_hint: Some(false),
        destructive_hint: Some(true),
        idempotent_hint: Some(false),
        open_world_hint: Some(true),
        ..ToolAnnotations::default()
    };
    definition(EXECUTE_CODE, "Run a program", EXECUTE_CODE_DESCRIPTION, input, run_output(), hints)
}

fn search_tools() -> ToolDefinition {
    let input = json!({
        "type": "object",
        "properties": {
            "query": { "type": "string" },
            "category": { "type": "string" },
            "capabilities": { "type": "array", "items": { "type": "string" }, "description": "any of" },
            "server": { "type": "string" },
            "detail": { "type": "string", "enum": ["name", "brief", "full"], "default": "brief" },
            "limit": { "type": "integer", "minimum": 1, "maximum": 100, "default": 10 },
            "language": same_language(),
            "max_tokens": max_tokens(),
        },
    });
    let facets = json!({ "type": "array", "items": { "type": "object" } });
    let output = json!({
        "type": "object",
        "properties": {
            "tools": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": { "name": { "type": "string" }, "server": { "type": "string" } },
                    "required": ["name", "server"],
                },
            },
            "total": { "type": "integer" },
            "omitted": { "type": "integer" },
            "note": { "type": "string" },
            "categories": facets,
            "capabilities": facets,
            "unavailable": unavailable(),
        },
        "required": ["tools", "total"],
    });
    definition(SEARCH_TOOLS, "Find tools", SEARCH_TOOLS_DESCRIPTION, input, output, reading())
}

fn get_tool_docs() -> ToolDefinition {
    let input = json!({
        "type": "object",
        "properties": {
            "names": { "type": "array", "items": { "type": "string" }, "description": "server.tool" },
            "language": same_language(),
            "detail": { "type": "string" },
            "max_tokens": max_tokens(),
        },
        "required": ["names"],
    });
    let named = json!({
        "type": "array",
        "items": { "type": "object", "properties": { "name": { "type": "string" } }, "required": ["name"] },
    });
    let output = json!({
        "type": "object",
        "properties": {
            "docs": named,
            "brief": named,
            "names": { "type": "array", "items": { "type": "string" } },
            "unknown": named,
            "omitted": { "type": "integer" },
            "note": { "type": "string" },
            "unavailable": unavailable(),
        },
        "required": ["docs", "unknown"],
    });
    definition(GET_TOOL_DOCS, "Read tool docs", GET_TOOL_DOCS_DESCRIPTION, input, output, reading())
}

fn wait() -> ToolDefinition {
    let input = json!({
        "type": "object",
        "properties": {
            "run_id": { "type": "string" },
            "timeout_ms": { "type": "integer", "minimum": 0, "maximum": 600_000 },
        },
        "required": ["run_id"],
    });
    definition(WAIT, "Wait for a run", WAIT_DESCRIPTION, input, run_output(), reading())
}

fn language() -> Value {
    json!({ "type": "string", "enum": ["typescript", "javascript", "node", "python", "bash", "rust"], "default": "typescript" })
}

/// The same languages as those of programs, without naming them again.
fn same_language() -> Value {
    json!({ "type": "string", "default": "typescript" })
}

fn max_tokens() -> Value {
    json!({ "type": "integer", "default": 6000 })
}

/// The schema of an outcome, or of the word that there is none yet.
fn run_output() -> Value {
    json!({
        "type": "object",
        "properties": {
            "run_id": { "type": "string" },
            "status": { "type": "string", "enum": ["done", "running"] },
            "elapsed_ms": { "type": "integer" },
            "result": {},
            "logs": { "type": "string" },
            "error": {
                "type": "object",
                "properties": {
                    "kind": { "type": "string", "enum": ["syntax", "runtime", "tool", "limit", "denied", "sandbox"] },
                    "message": { "type": "string" },
                    "line": { "type": "integer" },
                    "column": { "type": "integer" },
                    "hint": { "type": "string" },
                },
                "required": ["kind", "message"],
            },
            "usage": { "type": "object" },
            "files": { "type": "array", "items": { "type": "object" } },
            "more_files": { "type": "integer" },
            "type_check": { "type": "string", "enum": ["passed", "unavailable"] },
            "wall": { "type": "object" },
        },
        "required": ["run_id", "status"],
    })
}

fn unavailable() -> Value {
    json!({
        "type": "array",
        "items": {
            "type": "object",
            "properties": { "server": { "type": "string" }, "state": { "type": "string", "enum": ["loading", "failed"] } },
            "required": ["server", "state"],
        },
    })
}

fn reading() -> ToolAnnotations {
    ToolAnnotations {
        read_only_hint: Some(true),
        destructive_hint: Some(false),
        idempotent_hint: Some(true),
        open_world_hint: Some(false),
        ..ToolAnnotations::default()
    }
}

fn definition(
    name: &str,
    title: &str,
    description: &str,
    input_schema: Value,
    output_schema: Value,
    annotations: ToolAnnotations,
) -> ToolDefinition {
    ToolDefinition {
        name: name.to_owned(),
        title: Some(title.to_owned()),
        description: Some(description.to_owned()),
        input_schema,
        output_schema: Some(output_schema),
        annotations: Some(annotations),
        // Clients that load tools on demand would otherwise hide the way to all others.
        meta: Some(json!({ "anthropic/alwaysLoad": true })),
        observed: None,
        failures: std::sync::Arc::default(),
    }
}
