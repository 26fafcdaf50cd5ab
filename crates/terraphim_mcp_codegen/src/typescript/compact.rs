//! A tool as its docs show it: one function with its types in place, and those that have names.

use terraphim_types::ToolDefinition;

use super::{
    arguments_are_optional, arguments_type,
    print::{Printer, write_notes},
    shown_result_type, takes_nothing,
};
use crate::{
    naming::{ModuleTool, pascal_case},
    schema::{Bounds, Schema},
};

/// Longest type without notes that stands on one line, in characters.
const MAX_LINE_CHARS: usize = 90;

/// The types of one tool and its function; at most about `max_bytes` long.
pub(crate) fn tool_declaration(tool: &ToolDefinition, named: &ModuleTool, max_bytes: usize) -> String {
    let mut text = String::new();
    for bounds in Bounds::steps(max_bytes) {
        text = within(tool, named, bounds);
        if text.len() <= max_bytes {
            break;
        }
    }
    text
}

fn within(tool: &ToolDefinition, named: &ModuleTool, bounds: Bounds) -> String {
    let name = named.identifiers.first().map_or("tool", String::as_str);
    let base = pascal_case(name);
    let (input, output) = (arguments_type(tool, bounds), shown_result_type(tool, bounds));
    let mut text = String::new();
    let mut taken = Vec::new();
    let arguments = write_named(&mut text, &base, &input, &mut taken);
    let result = write_named(&mut text, &base, &output, &mut taken);
    let arguments = root_text(&input, &arguments);
    let optional = if arguments_are_optional(&input) { "?" } else { "" };
    let arguments =
        if takes_nothing(&input) { String::new() } else { format!("args{optional}: {arguments}") };
    text.push_str(&format!("function {name}({arguments}): Promise<{}>;\n", root_text(&output, &result)));
    text
}

/// Declares what has a name; gives the names.
fn write_named(out: &mut String, base: &str, schema: &Schema, taken: &mut Vec<String>) -> Vec<String> {
    let mut names = Vec::with_capacity(schema.definitions.len());
    for definition in &schema.definitions {
        let plain = format!("{base}{}", pascal_case(&definition.name));
        let numbered = (2..).map(|number| format!("{plain}{number}"));
        let name = std::iter::once(plain.clone()).chain(numbered).find(|name| !taken.contains(name));
        let name = name.unwrap_or_default();
        taken.push(name.clone());
        names.push(name);
    }
    let printer = Printer { names: &names };
    for (definition, name) in schema.definitions.iter().zip(&names) {
        write_notes(out, &definition.notes, 0);
        out.push_str(&format!("type {name} = "));
        printer.write(out, &definition.ty, 0);
        out.push_str(";\n");
    }
    names
}

fn root_text(schema: &Schema, names: &[String]) -> String {
    let mut text = String::new();
    Printer { names }.write(&mut text, &schema.root, 0);
    // Every line that a type itself begins is trimmed; texts in it have no line feeds.
    let line = text.lines().map(str::trim).collect::<Vec<_>>().join(" ");
    let is_short = !text.contains("/**") && line.chars().count() <= MAX_LINE_CHARS;
    match is_short {
        true if text.contains('"') => line,
        true => line.replace("; }", " }"),
        false => text,
    }
}
