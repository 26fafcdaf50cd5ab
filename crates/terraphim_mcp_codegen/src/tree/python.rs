//! Python: stub packages that a checker finds from the folder they stand in.

use std::collections::{HashMap, HashSet};

use terraphim_types::ToolDefinition;

use super::{Branch, TreeFile, paths::stems, readme, summary};
use crate::{
    naming::{ModuleTool, ServerModule},
    python::{
        Stub, TAKEN_TYPES, attributes, is_name, is_reserved, quoted, stub, write_comment, write_docstring,
    },
    rust::names::{Taken, pascal},
};

/// Longest text of one tool's types, in bytes, before its schema is lowered more tightly.
const MAX_TOOL_BYTES: usize = 256 << 10;

const ABOUT: &str = "\
Python types of the tools that a program can call. Each folder under `mcp_servers` is a server: its
`__init__.pyi` names its tools, and each other file holds one tool with the types of its arguments and
its result. `mcp_runtime.pyi` has what `mcp_runtime` exports.

A program writes `from mcp_servers import SERVER` and `SERVER.TOOL(name=value)`, with or without
`await`; `SERVER.TOOL.raw(...)` gives the whole reply. Put programs here and check them with
`mypy --strict PROGRAM.py`.";

/// What stands at the head of a tool's stub.
const IMPORTS: &str = "\
from collections.abc import Mapping
from typing import Literal, TypeAlias, overload

from typing_extensions import Never, NotRequired, TypedDict, Unpack

from mcp_servers._calls import (
    BoolCall, Call, DictCall, FloatCall, IntCall, ListCall, NoneCall, RawCall, RecordCall, TextCall,
)

";

pub(super) fn folders(modules: &[ServerModule]) -> Vec<String> {
    let names: Vec<String> = modules.iter().map(|module| module_name(&module.identifier)).collect();
    let pairs = modules.iter().zip(&names).map(|(module, name)| (module.server.as_str(), name.as_str()));
    stems(pairs, &["_calls", "__init__", "__pycache__"])
}

/// The name of a server in a program: a word of the language has an underscore behind it.
fn module_name(identifier: &str) -> String {
    if is_reserved(identifier) { format!("{identifier}_") } else { identifier.to_owned() }
}

pub(super) fn files(branches: &[Branch<'_>]) -> Vec<TreeFile> {
    let above = |path: &str, text: String| TreeFile { path: path.to_owned(), text, server: None };
    let mut files =
        vec![readme(ABOUT, branches, "mcp_servers/", |branch| module_name(&branch.module.identifier))];
    files.push(above("mcp_runtime.pyi", include_str!("../../python/mcp_runtime.pyi").to_owned()));
    files.push(above("mcp_servers/_calls.pyi", include_str!("../../python/calls.pyi").to_owned()));
    let mut index = String::from("\"\"\"The connected servers; each is a module with its tools.\"\"\"\n\n");
    for branch in branches {
        let name = module_name(&branch.module.identifier);
        if let Some(note) = branch.note() {
            write_comment(&mut index, note, "");
        }
        if is_name(&name) {
            index.push_str(&format!("from . import {} as {name}\n", branch.folder));
        } else {
            let server = quoted(branch.module.server.as_str());
            let text = format!("getattr(mcp_servers, {server}) is {}", branch.folder);
            write_comment(&mut index, &text, "");
        }
    }
    files.push(above("mcp_servers/__init__.pyi", index));
    branches.iter().for_each(|branch| server_files(branch, &mut files));
    files
}

fn server_files(branch: &Branch<'_>, files: &mut Vec<TreeFile>) {
    let stubs = stubs(branch);
    let names: Vec<(String, String)> = stubs
        .iter()
        .map(|(named, ..)| {
            let first = attributes(named).into_iter().next();
            (named.name.clone(), first.unwrap_or_else(|| named.name.clone()))
        })
        .collect();
    let stems = stems(names.iter().map(|(name, first)| (name.as_str(), first.as_str())), &["__init__"]);
    let (mut head, mut imports, mut members) = (String::new(), String::new(), String::new());
    write_docstring(&mut head, &[branch.description.unwrap_or_default()], "");
    // A tool's own name comes before one that is made of another's name, whatever the order of the list.
    let own: HashSet<&String> = branch
        .module
        .tools
        .iter()
        .flat_map(|named| &named.identifiers)
        .filter(|name| !is_reserved(name))
        .collect();
    for ((named, tool, stub), stem) in stubs.iter().zip(&stems) {
        imports.push_str(&format!("from .{stem} import {}\n", stub.class));
        write_comment(&mut members, &summary(tool), "");
        let names: Vec<String> = attributes(named)
            .into_iter()
            .filter(|it| named.identifiers.contains(it) || !own.contains(it))
            .collect();
        for name in &names {
            members.push_str(&format!("{name}: {}\n", stub.class));
        }
        if names.is_empty() {
            let text = format!("server[{}] is of the type {}", quoted(&named.name), stub.class);
            write_comment(&mut members, &text, "");
        }
        let path = format!("mcp_servers/{}/{stem}.pyi", branch.folder);
        files.push(branch.file(path, format!("{IMPORTS}{}", stub.text)));
    }
    let index = format!("{head}{imports}\n{members}");
    files.push(branch.file(format!("mcp_servers/{}/__init__.pyi", branch.folder), index));
}

/// The stubs of all tools of a server, in the order of its list. Names are given away in the order
/// of the tools' names.
fn stubs<'b>(branch: &Branch<'b>) -> Vec<(&'b ModuleTool, &'b ToolDefinition, Stub)> {
    let by_name: HashMap<&str, &ToolDefinition> =
        branch.tools.iter().rev().map(|tool| (tool.name.as_str(), tool)).collect();
    let members: Vec<String> = branch.module.tools.iter().flat_map(attributes).collect();
    let mut taken = Taken::but(TAKEN_TYPES.into_iter().chain(members.iter().map(String::as_str)));
    let mut bases = Taken::default();
    let mut order: Vec<(usize, &ModuleTool)> = branch.module.tools.iter().enumerate().collect();
    order.sort_by_key(|(_, named)| named.name.as_str());
    let mut stubs = Vec::new();
    for (at, named) in order {
        let Some(tool) = by_name.get(named.name.as_str()) else { continue };
        let first = named.identifiers.first().map_or("tool", String::as_str);
        let base = bases.claim(&pascal(first));
        stubs.push((at, named, *tool, stub(tool, &base, &mut taken, MAX_TOOL_BYTES)));
    }
    stubs.sort_by_key(|(at, ..)| *at);
    stubs.into_iter().map(|(_, named, tool, stub)| (named, tool, stub)).collect()
}
