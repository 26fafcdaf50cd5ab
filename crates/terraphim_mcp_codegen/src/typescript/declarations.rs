//! The `.d.ts` text of a server.
//!
//! For a server `notes` with one tool the text is
//!
//! ```ts
//! declare module 'mcp-servers' {
//!   /** What the server does. */
//!   export const notes: {
//!     /** What the tool does. */
//!     search: notes.SearchTool;
//!   };
//!   export namespace notes {
//!     type SearchTool = {
//!       (args: SearchArgs): Promise<SearchResult>;
//!       raw(args: SearchArgs): Promise<RawReply>;
//!     };
//!     type SearchArgs = { query: string };
//!     type SearchResult = string[];
//!     type RawReply = { ... };
//!   }
//! }
//! ```
//!
//! so that the texts of several servers can stand in one file, types can be
//! named in a program (`notes.SearchArgs`), and no two servers' types collide.

use std::collections::HashSet;

use terraphim_types::{ServerName, ToolDefinition};

use super::{
    arguments_are_optional, arguments_type,
    print::{Printer, pad, write_comment, write_notes},
    shown_result_type, takes_nothing,
};
use crate::{
    bounded,
    naming::{ModuleTool, ServerModule, free_name, pascal_case},
    schema::{Bounds, Schema, Type},
};

/// Longest text of one tool's types, in bytes, before its schema is lowered more tightly.
const MAX_TOOL_BYTES: usize = 24 << 10;
/// Longest description of a tool or a server, in characters.
const MAX_DESCRIPTION_CHARS: usize = 1_200;
/// The type of a whole reply, in each server's namespace.
const RAW_REPLY: &str = "type RawReply = { content: { type: string; [key: string]: unknown }[]; \
                         structuredContent?: unknown; isError: boolean };";

/// The TypeScript declarations of one server's tools, as an ambient module text.
pub fn declarations(server: &ServerName, description: Option<&str>, tools: &[ToolDefinition]) -> String {
    module_declarations(&ServerModule::new(server, tools), description, tools)
}

/// The same for a server whose names are already decided, as where several
/// servers would get the same identifier.
pub fn module_declarations(
    module: &ServerModule,
    description: Option<&str>,
    tools: &[ToolDefinition],
) -> String {
    let mut functions = String::new();
    let mut types = format!("    {RAW_REPLY}\n");
    let mut taken: HashSet<String> = HashSet::from(["RawReply", "Promise"].map(str::to_owned));
    for named in &module.tools {
        let Some(tool) = tools.iter().find(|tool| tool.name == named.name) else { continue };
        let texts = tool_texts(tool, named, &mut taken, MAX_TOOL_BYTES, 2);
        functions.push_str(&member_text(tool, named, &format!("{}.{}", module.identifier, texts.function)));
        let ToolTexts { function, result, .. } = &texts;
        let parameters = texts.parameters();
        types.push_str(&format!("    type {function} = {{\n      ({parameters}): Promise<{result}>;\n"));
        types.push_str(&format!(
            "      /** The whole reply. */\n      raw({parameters}): Promise<RawReply>;\n    }};\n"
        ));
        types.push_str(&texts.types);
    }
    let mut out = String::from("declare module 'mcp-servers' {\n");
    write_description(&mut out, description, 1);
    out.push_str(&format!("  export const {0}: {{\n{functions}  }};\n", module.identifier));
    out.push_str(&format!("  export namespace {0} {{\n{types}  }}\n}}\n", module.identifier));
    out
}

/// The types of one tool and its function, for its docs; at most about `max_bytes` long.
pub(crate) fn tool_declaration(tool: &ToolDefinition, named: &ModuleTool, max_bytes: usize) -> String {
    let texts = tool_texts(tool, named, &mut HashSet::new(), max_bytes, 0);
    let name = named.identifiers.first().map_or("tool", String::as_str);
    format!("{}function {name}({}): Promise<{}>;\n", texts.types, texts.parameters(), texts.result)
}

/// The texts of one tool's types, and the names under which its function uses them.
struct ToolTexts {
    types: String,
    function: String,
    arguments: String,
    result: String,
    optional: bool,
}

impl ToolTexts {
    fn parameters(&self) -> String {
        let mark = if self.optional { "?" } else { "" };
        format!("args{mark}: {}", self.arguments)
    }
}

fn tool_texts(
    tool: &ToolDefinition,
    named: &ModuleTool,
    taken: &mut HashSet<String>,
    max_bytes: usize,
    indent: usize,
) -> ToolTexts {
    let mut names = taken.clone();
    let mut texts = texts_within(tool, named, &mut names, Bounds::STEPS[0], indent);
    for bounds in Bounds::STEPS.into_iter().skip(1) {
        if texts.types.len() <= max_bytes {
            break;
        }
        names.clone_from(taken);
        texts = texts_within(tool, named, &mut names, bounds, indent);
    }
    *taken = names;
    texts
}

fn texts_within(
    tool: &ToolDefinition,
    named: &ModuleTool,
    taken: &mut HashSet<String>,
    bounds: Bounds,
    indent: usize,
) -> ToolTexts {
    let base = pascal_case(named.identifiers.first().unwrap_or(&named.name));
    let mut claim = |name: String| {
        let name = free_name(&name, |candidate| !taken.contains(candidate));
        taken.insert(name.clone());
        name
    };
    let [function, arguments, result] = ["Tool", "Args", "Result"].map(|kind| claim(format!("{base}{kind}")));
    let input = arguments_type(tool, bounds);
    let output = shown_result_type(tool, bounds);
    let mut types = String::new();
    for (name, schema) in [(&arguments, &input), (&result, &output)] {
        let names: Vec<String> =
            schema.definitions.iter().map(|it| claim(format!("{base}{}", pascal_case(&it.name)))).collect();
        write_alias(&mut types, name, &schema.root, schema, &names, indent);
        for (definition, name) in schema.definitions.iter().zip(&names) {
            write_notes(&mut types, &definition.notes, indent);
            write_alias(&mut types, name, &definition.ty, schema, &names, indent);
        }
    }
    let optional = arguments_are_optional(&input) || takes_nothing(&input);
    ToolTexts { types, function, arguments, result, optional }
}

fn write_alias(out: &mut String, name: &str, ty: &Type, schema: &Schema, names: &[String], indent: usize) {
    debug_assert_eq!(schema.definitions.len(), names.len());
    pad(out, indent);
    out.push_str(&format!("type {name} = "));
    Printer { names }.write(out, ty, indent);
    out.push_str(";\n");
}

/// The members by which the server's object gives one tool, one for each of its names.
fn member_text(tool: &ToolDefinition, named: &ModuleTool, type_name: &str) -> String {
    let mut out = String::new();
    for (index, identifier) in named.identifiers.iter().enumerate() {
        if index == 0 {
            write_description(&mut out, tool.description.as_deref().or(tool.title.as_deref()), 2);
        } else if let Some(first) = named.identifiers.first() {
            write_comment(&mut out, &[&format!("The same as `{first}`.")], 2);
        }
        out.push_str(&format!("    {identifier}: {type_name};\n"));
    }
    out
}

fn write_description(out: &mut String, description: Option<&str>, indent: usize) {
    let Some(text) = description.filter(|text| !text.trim().is_empty()) else { return };
    let visible = bounded::cut(text, MAX_DESCRIPTION_CHARS);
    let visible = bounded::visible(visible.trim());
    let lines: Vec<&str> = visible.lines().map(str::trim_end).collect();
    write_comment(out, &lines, indent);
}
