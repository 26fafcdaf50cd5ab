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

use std::collections::{HashMap, HashSet};

use terraphim_types::{ServerName, ToolDefinition};

use super::{
    arguments_are_optional, arguments_type,
    print::{Printer, pad, write_comment, write_notes},
    shown_result_type, takes_nothing,
};
use crate::{
    bounded,
    naming::{ModuleTool, ServerModule, free_name, pascal_case},
    result::inferred_note,
    schema::{Bounds, Schema, Type},
};

/// Longest text of one tool's types, in bytes, before its schema is lowered more tightly.
const MAX_TOOL_BYTES: usize = 256 << 10;
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
    for (named, tool, texts) in server_texts(module, tools, Form::NAMESPACE) {
        functions.push_str(&member_text(tool, named, &format!("{}.{}", module.identifier, texts.function)));
        texts.write_function(&mut types, Form::NAMESPACE);
        types.push_str(&texts.types);
    }
    let mut out = String::from("declare module 'mcp-servers' {\n");
    write_description(&mut out, description, 1);
    out.push_str(&format!("  export const {0}: {{\n{functions}  }};\n", module.identifier));
    out.push_str(&format!("  export namespace {0} {{\n{types}  }}\n}}\n", module.identifier));
    out
}

/// A tool as a file of its own, and the names that the file exports.
pub(crate) struct ToolFile<'m> {
    pub(crate) named: &'m ModuleTool,
    pub(crate) tool: &'m ToolDefinition,
    /// Needs the type `RawReply`.
    pub(crate) text: String,
    pub(crate) types: [String; 2],
}

/// The files of a server's tools, in the order of its list.
pub(crate) fn tool_files<'m>(module: &'m ServerModule, tools: &'m [ToolDefinition]) -> Vec<ToolFile<'m>> {
    let file = |(named, tool, texts): (&'m ModuleTool, &'m ToolDefinition, ToolTexts)| {
        let mut text = String::new();
        write_description(&mut text, tool.description.as_deref().or(tool.title.as_deref()), 0);
        let name = named.identifiers.first().map_or("tool", String::as_str);
        text.push_str(&format!("export declare const {name}: {};\n", texts.function));
        texts.write_function(&mut text, Form::FILE);
        text.push_str(&texts.types);
        ToolFile { named, tool, text, types: [texts.arguments, texts.result] }
    };
    server_texts(module, tools, Form::FILE).into_iter().map(file).collect()
}

/// Where types are written.
#[derive(Debug, Clone, Copy)]
struct Form {
    indent: usize,
    /// What stands before the name of a type.
    word: &'static str,
}

impl Form {
    const NAMESPACE: Self = Self { indent: 2, word: "type" };
    const FILE: Self = Self { indent: 0, word: "export type" };
}

/// The texts of all tools of a server in the order of its list. Names are given away in the order
/// of the tools' names, so that they are the same in whatever order the server lists them.
fn server_texts<'m>(
    module: &'m ServerModule,
    tools: &'m [ToolDefinition],
    form: Form,
) -> Vec<(&'m ModuleTool, &'m ToolDefinition, ToolTexts)> {
    // Of tools with one name the first counts.
    let by_name: HashMap<&str, &ToolDefinition> =
        tools.iter().rev().map(|tool| (tool.name.as_str(), tool)).collect();
    let mut order: Vec<(usize, &ModuleTool)> = module.tools.iter().enumerate().collect();
    order.sort_by_key(|(_, named)| named.name.as_str());
    let mut taken: HashSet<String> = HashSet::from(["RawReply", "Promise"].map(str::to_owned));
    let mut texts: Vec<(usize, &ModuleTool, &ToolDefinition, ToolTexts)> = Vec::new();
    for (at, named) in order {
        let Some(tool) = by_name.get(named.name.as_str()) else { continue };
        texts.push((at, named, tool, tool_texts(tool, named, &mut taken, MAX_TOOL_BYTES, form)));
    }
    texts.sort_by_key(|(at, ..)| *at);
    texts.into_iter().map(|(_, named, tool, texts)| (named, tool, texts)).collect()
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

    /// The type of the function.
    fn write_function(&self, out: &mut String, form: Form) {
        let Self { function, result, .. } = self;
        let (parameters, word) = (self.parameters(), form.word);
        let margin = "  ".repeat(form.indent);
        out.push_str(&format!(
            "{margin}{word} {function} = {{\n{margin}  ({parameters}): Promise<{result}>;\n"
        ));
        out.push_str(&format!("{margin}  /** The whole reply. */\n"));
        out.push_str(&format!("{margin}  raw({parameters}): Promise<RawReply>;\n{margin}}};\n"));
    }
}

fn tool_texts(
    tool: &ToolDefinition,
    named: &ModuleTool,
    taken: &mut HashSet<String>,
    max_bytes: usize,
    form: Form,
) -> ToolTexts {
    let mut made = None;
    for bounds in Bounds::steps(max_bytes) {
        let mut names = Claimed::beside(taken);
        let texts = texts_within(tool, named, &mut names, bounds, form);
        let fits = texts.types.len() <= max_bytes;
        made = Some((names, texts));
        if fits {
            break;
        }
    }
    let (names, texts) = made.unwrap_or_else(|| {
        let mut names = Claimed::beside(taken);
        let texts = texts_within(tool, named, &mut names, Bounds::LINE, form);
        (names, texts)
    });
    let claimed = names.own;
    taken.extend(claimed);
    texts
}

/// Names that one tool has claimed, beside those that are taken.
struct Claimed<'t> {
    taken: &'t HashSet<String>,
    own: HashSet<String>,
}

impl<'t> Claimed<'t> {
    fn beside(taken: &'t HashSet<String>) -> Self {
        Self { taken, own: HashSet::new() }
    }

    fn claim(&mut self, name: &str) -> String {
        let name =
            free_name(name, |candidate| !self.taken.contains(candidate) && !self.own.contains(candidate));
        self.own.insert(name.clone());
        name
    }
}

fn texts_within(
    tool: &ToolDefinition,
    named: &ModuleTool,
    taken: &mut Claimed<'_>,
    bounds: Bounds,
    form: Form,
) -> ToolTexts {
    let base = pascal_case(named.identifiers.first().unwrap_or(&named.name));
    let mut claim = |name: String| taken.claim(&name);
    let [function, arguments, result] = ["Tool", "Args", "Result"].map(|kind| claim(format!("{base}{kind}")));
    let input = arguments_type(tool, bounds);
    let output = shown_result_type(tool, bounds);
    let mut types = String::new();
    for (name, schema) in [(&arguments, &input), (&result, &output)] {
        let names: Vec<String> =
            schema.definitions.iter().map(|it| claim(format!("{base}{}", pascal_case(&it.name)))).collect();
        if let (true, Some(note)) = (std::ptr::eq(schema, &output), inferred_note(tool)) {
            write_comment(&mut types, &[&sentence(&note)], form.indent);
        }
        write_alias(&mut types, name, &schema.root, schema, &names, form);
        for (definition, name) in schema.definitions.iter().zip(&names) {
            write_notes(&mut types, &definition.notes, form.indent);
            write_alias(&mut types, name, &definition.ty, schema, &names, form);
        }
    }
    let optional = arguments_are_optional(&input) || takes_nothing(&input);
    ToolTexts { types, function, arguments, result, optional }
}

fn write_alias(out: &mut String, name: &str, ty: &Type, schema: &Schema, names: &[String], form: Form) {
    debug_assert_eq!(schema.definitions.len(), names.len());
    pad(out, form.indent);
    out.push_str(&format!("{} {name} = ", form.word));
    Printer { names }.write(out, ty, form.indent);
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

/// A note as a sentence.
fn sentence(note: &str) -> String {
    let mut letters = note.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).chain(['.']).collect()
}

pub(crate) fn write_description(out: &mut String, description: Option<&str>, indent: usize) {
    let Some(text) = description.filter(|text| !text.trim().is_empty()) else { return };
    let visible = bounded::cut(text, MAX_DESCRIPTION_CHARS);
    let visible = bounded::visible(visible.trim());
    let lines: Vec<&str> = visible.lines().map(str::trim_end).collect();
    write_comment(out, &lines, indent);
}
