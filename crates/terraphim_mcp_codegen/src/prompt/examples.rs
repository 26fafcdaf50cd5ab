//! The examples of a prompt: each is a program that runs as it stands.

use serde_json::{Value, json};
use terraphim_types::Language;

use super::catalogue::{Callable, List};
use crate::rust;

/// A worked example.
#[derive(Debug, Clone)]
pub(super) struct Example {
    pub(super) title: &'static str,
    pub(super) code: String,
    /// Its first call, as a client without code would write it.
    pub(super) direct: String,
    /// A tool of it that is denied or may change something.
    pub(super) risky: Option<(String, Risk)>,
}

/// Why an example is not to be run as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Risk {
    /// A tool of it may change something.
    Changes,
    /// A tool of it may not be called.
    Denied,
}

pub(super) const ONE_CALL: &str = "one call";
pub(super) const FILTER: &str = "filter in the program";
pub(super) const PARALLEL: &str = "calls in parallel";
pub(super) const ERRORS: &str = "errors";

/// The examples, in the order of their use; none without a tool that can be shown.
pub(super) fn examples(language: Language, tools: &[Callable]) -> Vec<Example> {
    let Some(first) = tools.first() else { return Vec::new() };
    let listing = tools.iter().find(|tool| tool.list.is_some()).unwrap_or(first);
    // With one tool only, two calls of it.
    let several: Vec<&Callable> =
        if tools.len() == 1 { vec![first, first] } else { tools.iter().take(3).collect() };
    let made = |title, code: String, used: &[&Callable]| Example {
        title,
        code,
        direct: json!({ "name": first.tool, "arguments": first.arguments }).to_string(),
        risky: used
            .iter()
            .find(|tool| tool.is_denied || !tool.is_read_only)
            .map(|tool| (tool.qualified(), if tool.is_denied { Risk::Denied } else { Risk::Changes })),
    };
    let of = match language {
        Language::TypeScript | Language::JavaScript | Language::Node => TYPESCRIPT,
        Language::Python => PYTHON,
        Language::Bash => BASH,
        Language::Rust => RUST,
    };
    vec![
        made(ONE_CALL, (of.one_call)(first), &[first]),
        made(FILTER, (of.filter)(listing), &[listing]),
        made(PARALLEL, (of.parallel)(&several), &several),
        made(ERRORS, (of.errors)(first), &[first]),
    ]
}

/// How the examples are written in a language.
struct Writer {
    one_call: fn(&Callable) -> String,
    filter: fn(&Callable) -> String,
    parallel: fn(&[&Callable]) -> String,
    errors: fn(&Callable) -> String,
}

/// The names of the modules of some tools, each once.
fn modules<'t>(tools: &[&'t Callable]) -> Vec<&'t str> {
    let mut names: Vec<&str> = Vec::new();
    for tool in tools {
        if !names.contains(&tool.module.as_str()) {
            names.push(&tool.module);
        }
    }
    names
}

const ORDER: [&str; 3] = ["first", "second", "third"];

const TYPESCRIPT: Writer = Writer {
    one_call: |tool| format!("{}return await {};", js_import(&[tool]), tool.call),
    filter: |tool| {
        let rows = match tool.list {
            Some(_) => format!("const rows = await {};", tool.call),
            None => format!(
                "const value = await {};\nconst rows = Array.isArray(value) ? value : [value];",
                tool.call
            ),
        };
        let (test, shown) = match field(tool) {
            Some(field) => (format!("row.{field}"), format!(".map(row => row.{field})")),
            None => ("row !== null".to_owned(), String::new()),
        };
        format!(
            "{}{rows}\nconst kept = rows.filter(row => {test});   // your condition\n\
             return {{ all: rows.length, kept: kept.length, first: kept.slice(0, 3){shown} }};",
            js_import(&[tool])
        )
    },
    parallel: |tools| {
        let names = ORDER.iter().take(tools.len()).copied().collect::<Vec<_>>().join(", ");
        let calls: String = tools.iter().map(|tool| format!("  {},\n", tool.call)).collect();
        format!(
            "{}const [{names}] = await Promise.all([\n{calls}]);\nreturn {{ {names} }};",
            js_import(tools)
        )
    },
    errors: |tool| {
        format!(
            "{}import {{ ToolError }} from 'mcp-runtime';\ntry {{\n  return await {};\n}} catch (error) {{\n  \
             if (!(error instanceof ToolError)) throw error;\n  \
             return {{ failed: error.tool, kind: error.kind, why: error.message, hint: error.hint }};\n}}",
            js_import(&[tool]),
            tool.call
        )
    },
};

fn js_import(tools: &[&Callable]) -> String {
    format!("import {{ {} }} from 'mcp-servers';\n", modules(tools).join(", "))
}

fn field(tool: &Callable) -> Option<&str> {
    tool.list.as_ref().and_then(|List { field }| field.as_deref())
}

const PYTHON: Writer = Writer {
    one_call: |tool| format!("{}{}", py_import(&[tool]), tool.call),
    filter: |tool| {
        let rows = match tool.list {
            Some(_) => format!("rows = {}", tool.call),
            None => format!("value = {}\nrows = value if isinstance(value, list) else [value]", tool.call),
        };
        let (test, shown) = match field(tool) {
            Some(field) => (format!("row[\"{field}\"]"), format!("[row[\"{field}\"] for row in kept[:3]]")),
            None => ("row is not None".to_owned(), "kept[:3]".to_owned()),
        };
        format!(
            "{}{rows}\nkept = [row for row in rows if {test}]   # your condition\n\
             {{\"all\": len(rows), \"kept\": len(kept), \"first\": {shown}}}",
            py_import(&[tool])
        )
    },
    parallel: |tools| {
        let names = ORDER.iter().take(tools.len()).copied().collect::<Vec<_>>();
        let calls: String = tools.iter().map(|tool| format!("    {},\n", tool.call)).collect();
        let shown: Vec<_> = names.iter().map(|name| format!("\"{name}\": {name}")).collect();
        format!(
            "import asyncio\n{}{} = await asyncio.gather(\n{calls})\n{{{}}}",
            py_import(tools),
            names.join(", "),
            shown.join(", ")
        )
    },
    errors: |tool| {
        format!(
            "{}from mcp_runtime import ToolError\ntry:\n    result = {}\nexcept ToolError as error:\n    \
             result = {{\"failed\": error.tool, \"kind\": error.kind, \"why\": error.message, \"hint\": error.hint}}",
            py_import(&[tool]),
            tool.call
        )
    },
};

fn py_import(tools: &[&Callable]) -> String {
    format!("from mcp_servers import {}\n", modules(tools).join(", "))
}

const BASH: Writer = Writer {
    one_call: |tool| format!("set -eo pipefail\n{}", tool.call),
    filter: |tool| {
        let rows = if tool.list.is_some() { "" } else { "if type == \"array\" then . else [.] end | " };
        let (test, shown) = match field(tool) {
            Some(field) => (format!(".{field}"), format!(".{field}")),
            None => (". != null".to_owned(), ".".to_owned()),
        };
        format!(
            "set -eo pipefail\n# select(...) is your condition\n{} | jq -c '{rows}[.[] | select({test})] as $kept\n  \
             | {{all: length, kept: ($kept | length), first: [$kept[:3][] | {shown}]}}'",
            tool.call
        )
    },
    parallel: |tools| {
        let mut code = String::from("set -eo pipefail\nstarted=()\n");
        for (tool, name) in tools.iter().zip(ORDER) {
            code.push_str(&format!("{} > /tmp/{name}.json & started+=($!)\n", tool.call));
        }
        let names: Vec<_> = ORDER.iter().take(tools.len()).collect();
        let shown: Vec<_> = names.iter().enumerate().map(|(at, name)| format!("{name}: .[{at}]")).collect();
        let files: Vec<_> = names.iter().map(|name| format!("/tmp/{name}.json")).collect();
        code.push_str("for one in \"${started[@]}\"; do wait \"$one\"; done\n");
        code + &format!("jq -cs '{{{}}}' {}", shown.join(", "), files.join(" "))
    },
    errors: |tool| {
        format!(
            "if {} > /tmp/value.json 2> /tmp/why; then\n  cat /tmp/value.json\nelse\n  \
             jq -cRs --arg failed {} '{{$failed, why: .}}' /tmp/why\nfi",
            tool.call,
            format_args!("{}.{}", tool.server, tool.tool)
        )
    },
};

const RUST: Writer = Writer {
    one_call: |tool| {
        format!("{}\nfn main() -> Result<Value> {{\n    Ok(to_value(&{}?))\n}}", rust_use(&[tool]), tool.call)
    },
    filter: |tool| {
        let test = match field(tool) {
            Some(field) => format!("!row[\"{field}\"].is_null()"),
            None => "!row.is_null()".to_owned(),
        };
        let shown = field(tool).map(|field| format!("[\"{field}\"]")).unwrap_or_default();
        let rows = match tool.list {
            Some(_) => format!("    let value = to_value(&{}?);\n    let rows = value.items();\n", tool.call),
            None => format!(
                "    let value = to_value(&{}?);\n    let rows = if value.is_array() {{ value.items() }} else {{ std::slice::from_ref(&value) }};\n",
                tool.call
            ),
        };
        format!(
            "{}\nfn main() -> Result<Value> {{\n{rows}    \
             let kept: Vec<&Value> = rows.iter().filter(|row| {test}).collect();   // your condition\n    \
             let first: Vec<Value> = kept.iter().take(3).map(|row| row{shown}.clone()).collect();\n    \
             Ok(json!({{ \"all\": rows.len(), \"kept\": kept.len(), \"first\": first }}))\n}}",
            rust_use(&[tool])
        )
    },
    parallel: |tools| {
        let calls: String = tools
            .iter()
            .map(|tool| {
                let arguments = rust::json(&Value::Object(tool.arguments.clone()));
                let arguments = arguments.strip_prefix("mcp_runtime::").unwrap_or(&arguments).to_owned();
                format!(
                    "        ({}, {}, {arguments}),\n",
                    rust::literal(&tool.server),
                    rust::literal(&tool.tool)
                )
            })
            .collect();
        format!(
            "use mcp_runtime::prelude::*;\n\nfn main() -> Result<Value> {{\n    let calls = [\n{calls}    ];\n    \
             let done = parallel(&calls, |(server, tool, given)| call(server, tool, given.clone()));\n    \
             Ok(json!(done.into_iter().collect::<Result<Vec<Value>>>()?))\n}}"
        )
    },
    errors: |tool| {
        format!(
            "{}\nfn main() -> Value {{\n    match {} {{\n        Ok(value) => to_value(&value),\n        \
             Err(error) => json!({{ \"failed\": error.tool, \"kind\": error.kind, \"why\": error.message, \"hint\": error.hint }}),\n    }}\n}}",
            rust_use(&[tool]),
            tool.call
        )
    },
};

fn rust_use(tools: &[&Callable]) -> String {
    let names = modules(tools);
    let names = names.iter().filter(|name| **name != "mcp_runtime");
    let uses: String = names.map(|name| format!("use mcp_servers::{name};\n")).collect();
    format!("use mcp_runtime::prelude::*;\n{uses}")
}
