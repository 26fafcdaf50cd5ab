//! `mcp`: the command by which a shell's program calls tools. It runs behind the
//! walls of its run and asks the run's supervisor, which asks the host.

use std::{
    ffi::OsString,
    fs::File,
    io::{self, Read, Write},
};

use super::{
    arguments::{self, Asked, Call, Shown, Source, list, object, quoted},
    ending::nearest,
    help::HELP,
    host::Host,
    refusal::{FAILED, Refusal, USAGE},
    shown,
};
use crate::{jail, json};

/// Longest value that is read from a file or from standard input, in bytes.
const INPUT_BYTES: u64 = 64 << 20;

/// The whole command with what stands behind its name; gives the exit code.
pub(super) fn main(words: impl Iterator<Item = OsString>) -> i32 {
    jail::end_by_broken_pipes();
    let words: Result<Vec<String>, OsString> = words.map(OsString::into_string).collect();
    let ended = words
        .map_err(|_| Refusal::new(USAGE, "an argument is not UTF-8"))
        .and_then(|words| {
            arguments::read(&words).map_err(|wrong| Refusal::new(USAGE, wrong).hint("mcp --help"))
        })
        .and_then(answer)
        .and_then(|text| print(&text));
    match ended {
        Ok(()) => 0,
        Err(refusal) => {
            refusal.tell();
            refusal.code
        }
    }
}

fn print(text: &str) -> Result<(), Refusal> {
    let mut out = io::stdout().lock();
    let written =
        out.write_all(text.as_bytes()).and_then(|()| out.write_all(b"\n")).and_then(|()| out.flush());
    written.map_err(|error| Refusal::new(FAILED, format!("standard output: {error}")))
}

fn answer(asked: Asked) -> Result<String, Refusal> {
    match asked {
        Asked::Help => Ok(HELP.to_owned()),
        Asked::Call(call) => call_tool(&call),
        Asked::Plain { operation, payload } => plain(operation, &payload),
        Asked::Search { payload, shown } => {
            let page = plain("search_tools", &payload)?;
            Ok(if shown == Shown::Text { shown::tools(&page).ok_or_else(unreadable)? } else { page })
        }
        Asked::Docs { names, shown, .. } if names.is_empty() => servers(shown),
        Asked::Docs { names, within, shown } => docs(&names, within, shown),
        Asked::Save(name) => {
            let value = input(io::stdin().lock()).map_err(|wrong| Refusal::new(USAGE, wrong))?;
            if !json::is_value(&value) {
                let refusal = Refusal::new(USAGE, "what is to be saved is no JSON");
                return Err(refusal.hint("for a text: printf %s \"$text\" | jq -Rs . | mcp save NAME"));
            }
            let value = json::without_halves(&value).into_owned();
            plain("workspace.save", &object(&[("name", quoted(&name)), ("value", value)]))
        }
    }
}

fn unreadable() -> Refusal {
    Refusal::new(FAILED, "the host's answer cannot be read")
}

fn plain(operation: &str, payload: &str) -> Result<String, Refusal> {
    Host::connect()?.ask(operation, payload)?.map_err(|error| error.refusal(""))
}

/// Reads arguments, of which standard input can be one.
fn reader() -> impl FnMut(&Source) -> Result<String, String> {
    let mut was_read = false;
    move |source| match source {
        Source::Here(text) => Ok(text.clone()),
        Source::File(path) => {
            let read = File::open(path).map_err(|error| error.to_string()).and_then(input);
            // It may be meant as it stands.
            read.map_err(|why| format!("{path}: {why}; for the text itself write name:='\"@{path}\"'"))
        }
        Source::Input if std::mem::replace(&mut was_read, true) => {
            Err("standard input can be one argument only".to_owned())
        }
        Source::Input => match input(io::stdin().lock()) {
            Ok(text) if text.is_empty() => Err("`-` stands for standard input, which is empty: \
                write name= for an empty text, name:='\"-\"' for this sign"
                .to_owned()),
            read => read.map_err(|why| format!("standard input: {why}")),
        },
    }
}

fn input(from: impl Read) -> Result<String, String> {
    let mut text = String::new();
    let length = from.take(INPUT_BYTES + 1).read_to_string(&mut text).map_err(|error| error.to_string())?;
    if length as u64 > INPUT_BYTES { Err(format!("it has more than {INPUT_BYTES} bytes")) } else { Ok(text) }
}

fn servers(shown: Shown) -> Result<String, Refusal> {
    let tables = plain("import", &object(&[("specifier", quoted("mcp-servers"))]))?;
    let servers = shown::servers(&tables).ok_or_else(unreadable)?;
    Ok(match shown {
        Shown::Json => shown::servers_as_json(&servers),
        Shown::Text => shown::servers_as_text(&servers),
    })
}

fn docs(names: &[String], mut asked: Vec<(&'static str, String)>, shown: Shown) -> Result<String, Refusal> {
    asked.push(("names", list(names)));
    let page = plain("tool_docs", &object(&asked))?;
    let told = |level| member(&page, level).and_then(json::elements);
    let mut known = told("docs").ok_or_else(unreadable)?;
    known.extend(["brief", "names"].into_iter().filter_map(told).flatten());
    let unknown = member(&page, "unknown").and_then(json::elements).ok_or_else(unreadable)?;
    // With one that is known the others are told beside it.
    if let (true, Some(first)) = (known.is_empty(), unknown.first()) {
        let name = member(first, "name").and_then(json::string).ok_or_else(unreadable)?;
        let near = member(first, "nearest").and_then(json::elements).unwrap_or_default();
        let near: Vec<String> = near.into_iter().filter_map(json::string).collect();
        let refusal = Refusal::new(USAGE, format!("there is no tool `{name}`"));
        return Err(if near.is_empty() {
            refusal.hint("find tools with mcp search WORDS")
        } else {
            refusal.hint(format!("did you mean {}?", near.join(", ")))
        });
    }
    Ok(if shown == Shown::Text { shown::docs(&page).ok_or_else(unreadable)? } else { page })
}

fn call_tool(call: &Call) -> Result<String, Refusal> {
    let given = call.arguments(reader()).map_err(|wrong| Refusal::new(USAGE, wrong))?;
    let mut host = Host::connect()?;
    let (server, tool) = resolve(call, &mut host)?;
    let request = object(&[
        ("server", quoted(&server)),
        ("tool", quoted(&tool)),
        ("raw", call.raw.to_string()),
        ("arguments", json::without_halves(&given).into_owned()),
    ]);
    let value = host.ask("tool", &request)?.map_err(|error| {
        let mut refusal = error.refusal(&format!("{server}.{tool}"));
        if error.kind == "arguments" && call.has_texts && refusal.hint.is_empty() {
            "name=value is a text; write name:=value for a number, a list, true or false"
                .clone_into(&mut refusal.hint);
        }
        refusal
    })?;
    Ok(match json::string(&value) {
        Some(text) if call.text => text,
        _ => value,
    })
}

/// The own names of the server and the tool, by the host's table of the server.
fn resolve(call: &Call, host: &mut Host) -> Result<(String, String), Refusal> {
    let mut near = Vec::new();
    let mut server = call.server.clone();
    // The table that the run has may be older than the tool.
    for question in [import(&call.server, Table::Known), import(&call.server, Table::Fresh)] {
        let tables = host.ask("import", &question)?.map_err(|error| error.refusal(""))?;
        let servers = member(&tables, "servers").and_then(json::elements).ok_or_else(unreadable)?;
        let table = servers.first().ok_or_else(unreadable)?;
        server = member(table, "server").and_then(json::string).ok_or_else(unreadable)?;
        if let Some(error) = member(table, "error").and_then(json::string) {
            return Err(Refusal::new(FAILED, format!("{server}.{}: {error}", call.tool)));
        }
        match Tools::read(table).ok_or_else(unreadable)?.find(&call.tool) {
            Ok(name) => return Ok((server, name)),
            Err(names) => near = names,
        }
    }
    let refusal = Refusal::new(USAGE, format!("the server `{server}` has no tool `{}`", call.tool));
    Err(if near.is_empty() {
        refusal.hint(format!("its tools: mcp search --server {server}"))
    } else {
        refusal.hint(format!("did you mean {}?", near.join(", ")))
    })
}

/// Which table of a server is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Table {
    /// The one that the run has, if it has one.
    Known,
    Fresh,
}

/// The question for a server's table.
pub(super) fn import(server: &str, table: Table) -> String {
    match table {
        Table::Known => import_with(server, None),
        // Another question than the one whose answer is known.
        Table::Fresh => import_with(server, Some(("fresh", "true".to_owned()))),
    }
}

/// The same with one thing more, which is JSON.
pub(super) fn import_with(server: &str, more: Option<(&str, String)>) -> String {
    let names = list(std::slice::from_ref(&server.to_owned()));
    let mut members = vec![("specifier", quoted("mcp-servers")), ("names", names)];
    members.extend(more);
    object(&members)
}

/// The names of a server's tools.
pub(super) struct Tools(Vec<(String, Vec<String>)>);

impl Tools {
    /// From the host's table of the server.
    pub(super) fn read(table: &str) -> Option<Self> {
        let tools = member(table, "tools").and_then(json::elements)?;
        let names = tools.into_iter().map(|tool| {
            let name = member(tool, "name").and_then(json::string)?;
            let others = member(tool, "identifiers").and_then(json::elements).unwrap_or_default();
            Some((name, others.into_iter().filter_map(json::string).collect()))
        });
        names.collect::<Option<_>>().map(Self)
    }

    /// A tool's own name by any of its names, or those that are most like it.
    pub(super) fn find(&self, asked: &str) -> Result<String, Vec<String>> {
        let is_it =
            |(name, others): &&(String, Vec<String>)| name == asked || others.iter().any(|one| one == asked);
        self.0.iter().find(is_it).map(|(name, _)| name.clone()).ok_or_else(|| {
            let known: Vec<String> = self.0.iter().map(|(name, _)| name.clone()).collect();
            nearest(asked, &known)
        })
    }
}

/// The text of a member's value.
pub(super) fn member<'t>(object: &'t str, name: &str) -> Option<&'t str> {
    json::members(object)?.into_iter().find(|(known, _)| known == name).map(|(_, value)| value)
}
