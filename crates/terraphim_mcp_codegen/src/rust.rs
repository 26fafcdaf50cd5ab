//! Rust: the runtime that programs are linked with, and a crate for each server.
//!
//! A program is one file of edition 2021 that needs nothing but std and two crates:
//! `mcp_runtime`, whose text is [`runtime`], and `mcp_servers`, whose text is
//! [`servers_crate`] and which names one crate for each server, whose text is
//! [`server_crate`]. Each depends on those before it in the order runtime, servers, all servers.
//! What is compiled here is made of names and schemas of servers: names become
//! identifiers, every other text stands in a literal or in a comment of one line.

mod calls;
pub(crate) mod names;
mod text;
mod types;

use std::collections::{BTreeMap, HashMap};

use terraphim_types::ToolDefinition;

pub(crate) use self::{calls::json, text::literal};
use self::{
    names::{TAKEN_TYPES, Taken, pascal, unique_servers, unique_snakes},
    text::{write_code, write_declaration, write_doc, write_short_declaration},
    types::{Side, Ty, Types, types},
};
use crate::{
    bash, bounded,
    discovery::Entry,
    docs::ParameterDocs,
    naming::{ModuleTool, ServerModule},
    schema::{Bounds, Extra},
    typescript::{arguments_type, result_type, takes_nothing},
};

/// Longest text of one tool's types, in bytes, before its schemas are lowered more tightly.
const MAX_TOOL_BYTES: usize = 24 << 10;
/// Text of all types of one server, in bytes; tools beyond it take and give plain values, so
/// that compiling a server stays a matter of seconds.
const MAX_SERVER_BYTES: usize = 1 << 20;
/// Longest description of a tool or a server, in characters.
const MAX_DESCRIPTION_CHARS: usize = 1_200;

/// The files of the runtime, which are modules of one crate.
const RUNTIME: &[(&str, &str)] = &[
    ("call", include_str!("../rust/call.rs")),
    ("channel", include_str!("../rust/channel.rs")),
    ("convert", include_str!("../rust/convert.rs")),
    ("ending", include_str!("../rust/ending.rs")),
    ("error", include_str!("../rust/error.rs")),
    ("fields", include_str!("../rust/fields.rs")),
    ("from", include_str!("../rust/from.rs")),
    ("helpers", include_str!("../rust/helpers.rs")),
    ("macros", include_str!("../rust/macros.rs")),
    ("map", include_str!("../rust/map.rs")),
    ("number", include_str!("../rust/number.rs")),
    ("parse", include_str!("../rust/parse.rs")),
    ("print", include_str!("../rust/print.rs")),
    ("value", include_str!("../rust/value.rs")),
];

/// The text of the crate `mcp_runtime`; needs std of Rust 1.70 and edition 2021.
pub fn runtime() -> String {
    let mut text = include_str!("../rust/mcp_runtime.rs").to_owned();
    for (name, file) in RUNTIME {
        text = text.replace(&format!("\nmod {name};"), &format!("\nmod {name} {{\n{file}}}"));
    }
    text
}

/// The name of a server's own crate: ASCII, at most about 90 bytes, different for different servers.
pub fn crate_name(module: &ServerModule) -> String {
    let name = module.identifier.as_str();
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if name.len() <= 64 && name.chars().all(plain) {
        return format!("mcp_server_{name}");
    }
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let plain: String = name.chars().filter(|c| plain(*c)).take(48).collect();
    format!("mcp_serverx_{hash:016x}_{plain}")
}

/// The names of servers in a program, as in `use mcp_servers::NAME`, in the order of `modules`.
pub fn server_names(modules: &[ServerModule]) -> Vec<String> {
    let names = unique_servers(modules.iter().map(|module| module.identifier.as_str()));
    modules.iter().filter_map(|module| names.get(module.identifier.as_str()).cloned()).collect()
}

/// The text of the crate `mcp_servers`, which names the crates of these servers; all of them
/// must be passed to the compiler with `--extern`.
pub fn servers_crate(modules: &[ServerModule]) -> String {
    let mut text = String::from("//! One module for each MCP server.\n#![allow(warnings)]\n");
    for (module, name) in modules.iter().zip(server_names(modules)) {
        text.push_str(&format!("pub use ::{} as {name};\n", crate_name(module)));
    }
    text
}

/// The text of one server's crate: for each tool a function, a struct for its arguments and, where
/// the server declares them, types of what it gives. It needs `mcp_runtime` alone.
pub fn server_crate(module: &ServerModule, description: Option<&str>, tools: &[ToolDefinition]) -> String {
    let mut text = write_doc_text("//!", description.unwrap_or_default());
    text.push_str("#![allow(warnings)]\n");
    text.push_str(USES);
    for (_, _, tool) in server_texts(module, tools) {
        text.push_str(&tool);
    }
    text
}

/// What the text of a tool refers to.
const USES: &str = "\
use std::{collections::BTreeMap, fmt::{Debug, Formatter, Result as FmtResult}};
use mcp_runtime::{generated::{check_object, debug, object, typed, Fields, Fits}, FromJson, Map, Result, ToJson, Value};
";

/// The tools of a server as a file for each, in the order of its list.
pub(crate) fn tool_files<'m>(
    module: &'m ServerModule,
    tools: &'m [ToolDefinition],
) -> Vec<(&'m ModuleTool, &'m ToolDefinition, String)> {
    let file = |(named, tool, text): (_, _, String)| (named, tool, format!("{USES}\n{text}"));
    server_texts(module, tools).into_iter().map(file).collect()
}

/// A description as comments, each of whose lines begins with `mark`.
pub(crate) fn write_doc_text(mark: &str, text: &str) -> String {
    described(Some(text)).lines().map(|line| format!("{mark} {}\n", line.trim_end())).collect()
}

/// The text of each tool, in the order of the server's list. Names and room are given away in the
/// order of the tools' names, so that they are the same in whatever order the server lists them.
fn server_texts<'m>(
    module: &'m ServerModule,
    tools: &'m [ToolDefinition],
) -> Vec<(&'m ModuleTool, &'m ToolDefinition, String)> {
    let functions = unique_snakes(module.tools.iter().map(|named| named.name.as_str()));
    // Of tools with one name the first counts.
    let by_name: HashMap<&str, &ToolDefinition> =
        tools.iter().rev().map(|tool| (tool.name.as_str(), tool)).collect();
    let mut order: Vec<(usize, &ModuleTool)> = module.tools.iter().enumerate().collect();
    order.sort_by_key(|(_, named)| named.name.as_str());
    let mut taken = Taken::but(TAKEN_TYPES);
    let mut free = Taken::but(functions.values().map(String::as_str));
    let mut room = MAX_SERVER_BYTES;
    let mut texts = Vec::new();
    for (at, named) in order {
        let definition = by_name.get(named.name.as_str()).copied();
        let (Some(definition), Some(function)) = (definition, functions.get(named.name.as_str())) else {
            continue;
        };
        let tool = Tool::new(definition, function, &mut taken, room.min(MAX_TOOL_BYTES));
        let mut text = String::new();
        for (side, declaration) in tool.declared() {
            write_declaration(&mut text, declaration, side);
            write_code(&mut text, declaration, side);
        }
        room = room.saturating_sub(text.len());
        write_function(&mut text, module, definition, &tool);
        if tool.arguments.is_none() && may_take_something(definition) {
            let name = free.claim(&format!("{}_with", function.trim_start_matches("r#")));
            write_open_function(&mut text, module, definition, &tool, &name);
        }
        texts.push((at, named, definition, text));
    }
    texts.sort_by_key(|(at, ..)| *at);
    texts.into_iter().map(|(_, named, definition, text)| (named, definition, text)).collect()
}

/// Whether a schema that names no arguments allows some.
fn may_take_something(definition: &ToolDefinition) -> bool {
    let input = arguments_type(definition, Bounds::LINE);
    input.object().is_some_and(|object| object.extra != Extra::Closed)
}

/// A second function for a tool whose schema names no arguments and forbids none.
fn write_open_function(
    out: &mut String,
    module: &ServerModule,
    definition: &ToolDefinition,
    tool: &Tool,
    name: &str,
) {
    write_doc(
        out,
        [format!("`{}` with arguments, of which its schema names none.", tool.function).as_str()],
        0,
    );
    let names = format!("{}, {}", literal(module.server.as_str()), literal(&definition.name));
    out.push_str(&format!(
        "#[track_caller]\npub fn {name}(arguments: impl ToJson) -> Result<{}> {{ typed({names}, &arguments) }}\n",
        tool.result.root
    ));
}

fn described(description: Option<&str>) -> String {
    let text = bounded::cut(description.unwrap_or_default().trim(), MAX_DESCRIPTION_CHARS);
    bounded::visible(&text).into_owned()
}

fn write_function(out: &mut String, module: &ServerModule, definition: &ToolDefinition, tool: &Tool) {
    let description = described(definition.description.as_deref().or(definition.title.as_deref()));
    if !description.is_empty() {
        write_doc(out, [description.as_str()], 0);
    }
    let names = format!("{}, {}", literal(module.server.as_str()), literal(&definition.name));
    let given = if tool.arguments.is_some() { "&arguments" } else { "&()" };
    out.push_str(&format!("#[track_caller]\n{} {{ typed({names}, {given}) }}\n", tool.header()));
}

/// The types of one tool.
struct Tool {
    function: String,
    /// `None` where it takes nothing.
    arguments: Option<Types>,
    result: Types,
}

impl Tool {
    /// The types, lowered so tightly that their text has about `bytes` at most.
    fn new(definition: &ToolDefinition, function: &str, taken: &mut Taken, bytes: usize) -> Self {
        // Where hardly anything is left, only the tightest has a chance.
        let skipped = if bytes < 1 << 10 { Bounds::STEPS.len() - 1 } else { 0 };
        for bounds in Bounds::STEPS.into_iter().skip(skipped) {
            let before = taken.count();
            let tool = Self::within(definition, function, taken, bounds);
            let mut text = String::new();
            for (side, declaration) in tool.declared() {
                write_declaration(&mut text, declaration, side);
            }
            if text.len() <= bytes {
                return tool;
            }
            taken.take_back(before);
        }
        let plain = || Types { root: Ty::Value, declared: Vec::new() };
        let nothing = takes_nothing(&arguments_type(definition, Bounds::LINE));
        Self { function: function.to_owned(), arguments: (!nothing).then(plain), result: plain() }
    }

    fn within(definition: &ToolDefinition, function: &str, taken: &mut Taken, bounds: Bounds) -> Self {
        let base = base(function);
        let input = arguments_type(definition, bounds);
        let arguments = (!takes_nothing(&input)).then(|| types(&input, Side::Arguments, &base, &base, taken));
        // Where the arguments are no struct, the results must not take the name for it either.
        if arguments.is_none() {
            taken.claim(&base);
        }
        let output = result_type(definition, bounds);
        let result = types(&output, Side::Result, &base, &format!("{base}Result"), taken);
        Self { function: function.to_owned(), arguments, result }
    }

    fn declared(&self) -> impl Iterator<Item = (Side, &types::Declaration)> {
        let arguments = self.arguments.iter().flat_map(|arguments| &arguments.declared);
        let arguments = arguments.map(|declaration| (Side::Arguments, declaration));
        arguments.chain(self.result.declared.iter().map(|declaration| (Side::Result, declaration)))
    }

    fn header(&self) -> String {
        let taken = self.arguments.as_ref().map(|types| format!("arguments: {}", types.root));
        format!("pub fn {}({}) -> Result<{}>", self.function, taken.unwrap_or_default(), self.result.root)
    }
}

/// How one tool's docs show it.
pub(crate) struct Shown {
    /// The call on one line.
    pub(crate) signature: String,
    /// A call that is valid against the schema, where a short one could be made.
    pub(crate) example: Option<String>,
    /// The type that a call gives.
    pub(crate) result: String,
    /// The types and the function, without the code behind them.
    pub(crate) declaration: String,
    /// The fields of the arguments, or what is in them where they are a plain value.
    pub(crate) parameters: Vec<ParameterDocs>,
}

/// Most tools whose types are looked at for the numbers in the names of another one's.
const MAX_RELATIVES: usize = 100;

/// How a tool is called, with the names that the module of its server has; the declaration has about
/// `bytes` at most.
pub(crate) fn shown(entry: &Entry<'_>, bytes: usize) -> Shown {
    let (module, named, definition) = entry.parts();
    let functions = unique_snakes(module.tools.iter().map(|named| named.name.as_str()));
    let function = functions.get(named.name.as_str()).map_or("tool", String::as_str);
    let mut taken = taken_before(entry, &functions, function);
    let before = taken.count();
    // The line and the example are of the types that a program is compiled with, however little
    // room there is for these.
    let tool = Tool::new(definition, function, &mut taken, MAX_TOOL_BYTES);
    let text = short_text(&tool, definition);
    let declaration = if text.len() <= bytes {
        text
    } else {
        taken.take_back(before);
        short_text(&Tool::new(definition, function, &mut taken, bytes), definition)
    };
    Shown {
        signature: calls::signature(&tool, definition),
        example: calls::example_call(module, &tool, definition),
        result: tool.result.root.to_string(),
        declaration,
        parameters: calls::parameters(&tool).unwrap_or_else(|| bash::parameters(definition)),
    }
}

/// The names of types that earlier tools of the server have taken, as far as they can meet those of
/// this one: all begin with the name of their tool.
fn taken_before(entry: &Entry<'_>, functions: &BTreeMap<&str, String>, function: &str) -> Taken {
    let (module, named, _) = entry.parts();
    let mut taken = Taken::but(TAKEN_TYPES);
    let own = base(function);
    let is_relative = |other: &str| own.starts_with(other) || other.starts_with(&own);
    let mut earlier: Vec<(&str, &str)> = module
        .tools
        .iter()
        .filter(|other| other.name < named.name)
        .filter_map(|other| Some((other.name.as_str(), functions.get(other.name.as_str())?.as_str())))
        .filter(|(_, function)| is_relative(&base(function)))
        .collect();
    earlier.sort_unstable();
    for (name, function) in earlier.into_iter().take(MAX_RELATIVES) {
        if let Some(definition) = entry.tools.iter().find(|tool| tool.name == name) {
            Tool::new(definition, function, &mut taken, MAX_TOOL_BYTES);
        }
    }
    taken
}

/// What the names of a function's types begin with.
fn base(function: &str) -> String {
    pascal(function.trim_start_matches("r#")).chars().take(names::MAX_CHARS).collect()
}

fn short_text(tool: &Tool, definition: &ToolDefinition) -> String {
    let mut text = String::new();
    for (_, declared) in tool.declared() {
        write_short_declaration(&mut text, declared);
    }
    if tool.arguments.as_ref().is_some_and(|types| types.root == Ty::Value) {
        text.push_str(&format!("// arguments: json!({})\n", bash::arguments(definition, 2_000)));
    }
    text.push_str(&format!("{};\n", tool.header()));
    text
}
