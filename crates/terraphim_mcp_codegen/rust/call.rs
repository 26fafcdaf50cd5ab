//! Calls of tools, and what else the host answers.

use std::{panic::Location, sync::Mutex};

use crate::{channel::ask, json, parse::parse, Error, FromJson, Result, ToJson, Value};

/// Calls a tool by its own name and its server's, with an object of arguments:
/// `call("notes", "search", json!({ "query": "rust" }))`.
///
/// The value is the tool's structured result, else its text as JSON where that is an object
/// or a list, else its text.
#[track_caller]
pub fn call(server: &str, tool: &str, arguments: impl ToJson) -> Result<Value> {
    made(server, tool, &arguments, false)
}

/// The same, but the whole reply comes: `{ content, structuredContent, isError }`.
#[track_caller]
pub fn call_raw(server: &str, tool: &str, arguments: impl ToJson) -> Result<Value> {
    made(server, tool, &arguments, true)
}

/// A call of a generated module: the reply as the type that the tool declares.
#[doc(hidden)]
#[track_caller]
pub fn typed<T: FromJson>(server: &str, tool: &str, arguments: &dyn ToJson) -> Result<T> {
    let value = made(server, tool, arguments, false)?;
    let wrong = match T::check(&value) {
        Ok(()) => match T::from_json(value) {
            Some(made) => return Ok(made),
            None => format!("is not {}", T::WHAT),
        },
        Err(misfit) => misfit.to_string(),
    };
    let hint = format!("mcp_runtime::call({server:?}, {tool:?}, arguments) gives it as it came");
    Err(Error::of("reply", format!("the reply {wrong}")).hint(hint).at(server, tool))
}

#[track_caller]
fn made(server: &str, tool: &str, arguments: &dyn ToJson, raw: bool) -> Result<Value> {
    let mut arguments = arguments.to_json();
    if arguments.is_null() {
        arguments = json!({});
    }
    if !arguments.is_object() {
        let message = format!("{server}.{tool} takes one object of arguments, not {}", arguments.kind());
        let hint = "write json!({ \"name\": value })";
        return Err(Error::of("arguments", message).hint(hint).at(server, tool));
    }
    let request = json!({ "server": server, "tool": tool, "raw": raw, "arguments": arguments });
    asked("tool", &request, server, tool)
}

#[track_caller]
fn asked(operation: &str, request: &Value, server: &str, tool: &str) -> Result<Value> {
    let place = Location::caller();
    let about = |error: Error| error.seen_at(place).at(server, tool);
    match ask(operation, &request.to_string()).map_err(about)? {
        Ok(text) => parse(&text).map_err(|wrong| {
            about(Error::of("reply", format!("the reply is no JSON that can be read: {}", wrong.what)))
        }),
        Err(text) => {
            let details = parse(&text).unwrap_or_default();
            let text = |name: &str| details[name].as_str().unwrap_or_default();
            let message = match text("message") {
                "" => "the call failed",
                message => message,
            };
            let hint = match text("hint") {
                "" if text("kind") == "unknown" && !message.contains("did you mean") => {
                    "find tools with mcp_runtime::search_tools(\"what you need\")"
                }
                hint => hint,
            };
            Err(about(Error::of(text("kind"), message).hint(hint)))
        }
    }
}

/// Finds tools by a text, or by `json!({ "query", "category", "capabilities", "server",
/// "detail": "name" | "brief" | "full", "limit" })` of which any may be left out.
/// The answer is `{ tools: [...], total, ... }`.
#[track_caller]
pub fn search_tools(query: impl ToJson) -> Result<Value> {
    let query = match query.to_json() {
        query @ Value::Object(_) => query,
        Value::Null => json!({}),
        text => json!({ "query": text }),
    };
    asked("search_tools", &query, "mcp_runtime", "search_tools")
}

/// How tools are called: of one name (`"notes.search"`) its document, of a list of names
/// `{ docs: [...], unknown: [...] }`.
#[track_caller]
pub fn get_tool_docs(names: impl ToJson) -> Result<Value> {
    let names = names.to_json();
    let one = !names.is_array();
    let request = json!({ "names": if one { json!([names]) } else { names.clone() } });
    let mut page = asked("tool_docs", &request, "mcp_runtime", "get_tool_docs")?;
    if !one {
        return Ok(page);
    }
    if let Some(docs) = page.get_mut("docs").and_then(|docs| docs.get_mut(0)) {
        return Ok(docs.take());
    }
    let near: Vec<&str> = page["unknown"][0]["nearest"].items().iter().filter_map(Value::as_str).collect();
    let hint = if near.is_empty() {
        "find tools with search_tools(\"what you need\")".to_owned()
    } else {
        format!("did you mean {}?", near.join(", "))
    };
    let name = names.as_str().unwrap_or_default();
    let error = Error::of("unknown", format!("there is no tool `{name}`"));
    Err(error.hint(hint).at("mcp_runtime", "get_tool_docs"))
}

/// Data that outlives the run, as JSON under names.
pub mod workspace {
    use super::{asked, json, Error, Result, ToJson, Value};

    /// Keeps a value; gives `{ path, bytes }`.
    #[track_caller]
    pub fn save(name: &str, value: impl ToJson) -> Result<Value> {
        let request = json!({ "name": name, "value": value });
        asked("workspace.save", &request, "workspace", "save")
    }

    /// The value that was kept under a name.
    #[track_caller]
    pub fn load(name: &str) -> Result<Value> {
        asked("workspace.load", &json!({ "name": name }), "workspace", "load")
    }

    /// The names that there are.
    #[track_caller]
    pub fn list() -> Result<Vec<String>> {
        let names = asked("workspace.list", &json!({}), "workspace", "list")?;
        let place = std::panic::Location::caller();
        let about = |error: Error| Error::of("reply", error.message).seen_at(place).at("workspace", "list");
        crate::from_value(names).map_err(about)
    }
}

/// Does something with every item, up to 16 at the same time; the results are in the order of
/// the items: `parallel(&queries, |query| notes::search(...))`. A panic in one of them is
/// passed on.
pub fn parallel<T: Sync, R: Send>(items: &[T], each: impl Fn(&T) -> R + Sync) -> Vec<R> {
    const THREADS: usize = 16;
    let done: Mutex<Vec<Option<R>>> = Mutex::new(items.iter().map(|_| None).collect());
    let next = Mutex::new(items.iter().enumerate());
    let work = || loop {
        let taken = next.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).next();
        let Some((at, item)) = taken else { return };
        let result = each(item);
        done.lock().unwrap_or_else(|poisoned| poisoned.into_inner())[at] = Some(result);
    };
    std::thread::scope(|scope| {
        for _ in 1..items.len().min(THREADS) {
            // Where no further thread is allowed, those that there are do the work.
            if std::thread::Builder::new().spawn_scoped(scope, work).is_err() {
                break;
            }
        }
        work();
    });
    let done = done.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner());
    done.into_iter().flatten().collect()
}
