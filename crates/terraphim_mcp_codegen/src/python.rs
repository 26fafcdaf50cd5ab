//! A tool as a Python program calls it.

mod arguments;
mod compact;
mod results;
mod stubs;
mod text;
mod types;

use terraphim_types::ToolDefinition;

pub use self::arguments::python_keywords;
use self::text::value_text;
pub(crate) use self::{
    stubs::{Stub, TAKEN_TYPES, stub},
    text::{is_name, is_reserved, quoted, write_comment, write_docstring},
};
use crate::{
    bounded,
    docs::ParameterDocs,
    example::{MAX_CALL_CHARS, example_arguments},
    naming::{ModuleTool, ServerModule},
};

/// Longest signature, in characters.
const MAX_SIGNATURE_CHARS: usize = 240;

/// Longest name of a tool in brackets, in characters.
const MAX_NAME_CHARS: usize = 80;

/// Longest text of which the parameters alone are taken, in bytes.
const MAX_DOCS_BYTES: usize = 24 << 10;

/// How one tool's docs show it.
pub(crate) struct Shown {
    /// The call on one line.
    pub(crate) signature: String,
    /// The type that a call gives.
    pub(crate) result: String,
    /// The types and the function.
    pub(crate) declaration: String,
    pub(crate) parameters: Vec<ParameterDocs>,
}

/// How a tool is called; the declaration has about `bytes` at most.
pub(crate) fn shown(named: &ModuleTool, tool: &ToolDefinition, bytes: usize) -> Shown {
    let names = attributes(named);
    let identifier = names.first().map_or(named.name.as_str(), String::as_str);
    // However little room the declaration has, the parameters are told.
    let made = compact::compact(tool, identifier, MAX_DOCS_BYTES);
    let fits = made.text.len() <= bytes;
    let declaration = if fits { made.text } else { compact::compact(tool, identifier, bytes).text };
    let signature = stubs::line(identifier, tool, MAX_SIGNATURE_CHARS);
    let (signature, declaration) = match in_brackets(named) {
        Some(written) => (
            signature.find('(').and_then(|at| signature.get(at..)).map(|rest| format!("{written}{rest}")),
            format!("# a call is written server{written}(...)\n{declaration}"),
        ),
        None => (Some(signature), declaration),
    };
    Shown {
        signature: signature.unwrap_or_default(),
        result: made.result,
        declaration,
        parameters: made.parameters,
    }
}

/// The parameters of a tool, the required ones first.
pub(crate) fn parameters(tool: &ToolDefinition) -> Vec<ParameterDocs> {
    compact::compact(tool, "tool", MAX_DOCS_BYTES).parameters
}

/// The name that a Python program writes with an underscore behind it, as it is a word of the
/// language: `from_` stands for `from`.
pub fn python_word(written: &str) -> Option<&str> {
    written.strip_suffix('_').filter(|name| is_reserved(name))
}

/// The names by which a program writes a tool behind a dot; none where each is no name in Python.
/// A word of the language has an underscore behind it.
pub(crate) fn attributes(named: &ModuleTool) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for identifier in &named.identifiers {
        let name = if is_reserved(identifier) { format!("{identifier}_") } else { identifier.clone() };
        if is_name(&name) && !name.starts_with("__") && !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// How a program writes a tool, behind its server, whose names Python itself uses: `["__init__"]`.
fn in_brackets(named: &ModuleTool) -> Option<String> {
    attributes(named).is_empty().then(|| format!("[{}]", quoted(&bounded::cut(&named.name, MAX_NAME_CHARS))))
}

/// A call of the tool as a program writes it; `None` where no short one could be made.
pub(crate) fn example_call(
    module: &ServerModule,
    named: &ModuleTool,
    tool: &ToolDefinition,
) -> Option<String> {
    let arguments = example_arguments(tool)?;
    let names = attributes(named);
    let written = match names.first() {
        Some(name) => format!(".{name}"),
        None => format!("[{}]", quoted(&named.name)),
    };
    let renamed = python_keywords(tool);
    let keyword = |name: &String| {
        let made = renamed.iter().find(|(_, known)| known == name);
        made.map_or_else(|| name.clone(), |(keyword, _)| keyword.clone())
    };
    let given = arguments.iter().map(|(name, value)| (keyword(name), value));
    let given = given.map(|(name, value)| format!("{name}={}", value_text(value)));
    let given = given.collect::<Vec<_>>().join(", ");
    let call = format!("result = {}{written}({given})", module.identifier);
    (call.chars().count() <= MAX_CALL_CHARS).then_some(call)
}
