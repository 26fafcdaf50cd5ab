//! Types as the JSON of their values looks, for programs that write JSON themselves:
//! `{"name": string, "color"?: "red"|"green"}`, `[integer]`, `{string: number}`.

use std::fmt::Write as _;

use super::word;
use crate::{
    bounded,
    docs::{ParameterDocs, described, parameters_of},
    naming::pascal_case,
    schema::{Bounds, Extra, Literal, Notes, ObjectType, Schema, Type},
    typescript::{arguments_type, quoted, shown_result_type},
};

/// Longest type of a parameter and of a result where they stand on one line, in characters.
const MAX_LINE_CHARS: usize = 240;
/// Longest note, in characters.
const MAX_NOTE_CHARS: usize = 240;
/// What stands on one line of a declaration, in characters.
const SHORT: usize = 80;
/// Longest result without notes that stands beside the declaration alone, in bytes.
const MAX_RESULT: usize = 100;
/// Longest name of a member and longest text that is a type of its own, in characters.
const MAX_NAME_CHARS: usize = 80;
/// Types within types on one line.
const MAX_DEPTH: usize = 4;

/// What a Bash program reads of one tool.
pub(crate) struct Shown {
    pub(crate) parameters: Vec<ParameterDocs>,
    /// Type of the result on one line.
    pub(crate) result: String,
    /// All types with what is said of them.
    pub(crate) declaration: String,
}

/// How a tool is called; the declaration has about `bytes` at most, without `signature`.
pub(crate) fn shown(
    tool: &terraphim_types::ToolDefinition,
    signature: impl Fn(&[ParameterDocs]) -> String,
    bytes: usize,
) -> Shown {
    let parameters = parameters(tool);
    let result = result(tool);
    let signature = signature(&parameters);
    let mut types = None;
    for bounds in Bounds::steps(bytes) {
        let text = types_text(tool, bounds);
        let fits = text.len() <= bytes;
        types = Some(text).filter(|_| fits);
        if fits {
            break;
        }
    }
    let declaration = format!("{signature}\n{}", types.unwrap_or_default());
    Shown { parameters, result, declaration }
}

/// The parameters, the required ones first.
pub(crate) fn parameters(tool: &terraphim_types::ToolDefinition) -> Vec<ParameterDocs> {
    let schema = arguments_type(tool, Bounds { description_chars: MAX_NOTE_CHARS, ..Bounds::LINE });
    parameters_of(&schema, |property| {
        (inline(&schema, &property.ty, MAX_LINE_CHARS), described(&property.notes, true))
    })
}

/// The type of what a call prints, on one line.
pub(crate) fn result(tool: &terraphim_types::ToolDefinition) -> String {
    let schema = shown_result_type(tool, Bounds::LINE);
    inline(&schema, &schema.root, MAX_LINE_CHARS)
}

/// The arguments as one object, such as `{"query": string, "limit"?: integer}`.
pub(crate) fn arguments(tool: &terraphim_types::ToolDefinition, chars: usize) -> String {
    let schema = arguments_type(tool, Bounds::LINE);
    inline(&schema, &schema.root, chars)
}

/// A type on one line of at most `chars` characters, as deep as fits.
fn inline(schema: &Schema, ty: &Type, chars: usize) -> String {
    let ty = schema.target(ty);
    for depth in (0..=MAX_DEPTH).rev() {
        let line = Line { schema }.text(ty, depth);
        if line.chars().count() <= chars {
            return line;
        }
    }
    match ty {
        Type::Object(_) => "{…}".to_owned(),
        Type::Array(_) | Type::Tuple(_) => "[…]".to_owned(),
        _ => "any".to_owned(),
    }
}

struct Line<'a> {
    schema: &'a Schema,
}

impl Line<'_> {
    fn text(&self, ty: &Type, depth: usize) -> String {
        let within = depth.checked_sub(1);
        match ty {
            Type::Array(items) => {
                within.map_or("[…]".to_owned(), |depth| format!("[{}]", self.text(items, depth)))
            }
            Type::Tuple(tuple) => within.map_or("[…]".to_owned(), |depth| {
                let items = tuple.items.iter().take(6).map(|item| self.text(item, depth));
                let rest = (tuple.rest.is_some() || tuple.items.len() > 6).then(|| "…".to_owned());
                format!("[{}]", items.chain(rest).collect::<Vec<_>>().join(", "))
            }),
            Type::Object(object) => within.map_or("{…}".to_owned(), |depth| self.object(object, depth)),
            Type::Union(members) => joined(members.iter().map(|member| self.text(member, depth)), "|"),
            Type::Intersection(members) => joined(
                members.iter().map(|member| {
                    let text = self.text(member, depth);
                    if matches!(member, Type::Union(_)) { format!("({text})") } else { text }
                }),
                "&",
            ),
            Type::Named(index) => name_of(self.schema, *index),
            scalar => scalar_text(scalar),
        }
    }

    fn object(&self, object: &ObjectType, depth: usize) -> String {
        let member = |name: String, ty: &Type| format!("{name}: {}", self.text(ty, depth));
        let mut parts: Vec<_> = object
            .properties
            .iter()
            .map(|property| member(key(&property.name, property.required), &property.ty))
            .collect();
        match &object.extra {
            Extra::Of(ty) => parts.push(member("string".to_owned(), ty)),
            Extra::Unsaid if parts.is_empty() => return "object".to_owned(),
            Extra::Unsaid | Extra::Closed => {}
        }
        format!("{{{}}}", parts.join(", "))
    }
}

fn joined(parts: impl Iterator<Item = String>, sign: &str) -> String {
    parts.collect::<Vec<_>>().join(sign)
}

fn key(name: &str, required: bool) -> String {
    format!("{}{}", quoted(&bounded::cut(name, MAX_NAME_CHARS)), if required { "" } else { "?" })
}

fn name_of(schema: &Schema, index: usize) -> String {
    schema.definitions.get(index).map_or("any".to_owned(), |definition| pascal_case(&definition.name))
}

fn scalar_text(ty: &Type) -> String {
    match ty {
        Type::Never => "nothing".to_owned(),
        Type::Null => "null".to_owned(),
        Type::Boolean => "boolean".to_owned(),
        Type::Integer => "integer".to_owned(),
        Type::Number => "number".to_owned(),
        Type::String => "string".to_owned(),
        Type::Literal(Literal::String(text)) => quoted(&bounded::cut(text, MAX_NAME_CHARS)),
        Type::Literal(Literal::Number(number)) => number.to_string(),
        Type::Literal(Literal::Boolean(value)) => value.to_string(),
        _ => "any".to_owned(),
    }
}

/// A line for each parameter, the types that have names, and the result.
fn types_text(tool: &terraphim_types::ToolDefinition, bounds: Bounds) -> String {
    let mut out = String::new();
    let input = arguments_type(tool, bounds);
    let lines = Lines { schema: &input };
    let alternatives = alternatives(&input);
    if !alternatives.is_empty() {
        let _ = writeln!(out, "  give one of: {}", alternatives.join(" | "));
    }
    let object = input.arguments();
    let properties = object.as_ref().map(|object| object.properties.as_slice()).unwrap_or_default();
    let (required, optional): (Vec<_>, Vec<_>) = properties.iter().partition(|property| property.required);
    for property in required.into_iter().chain(optional) {
        // What the call on one line says already is not said again.
        let is_new = is_noted(&property.notes, &property.ty)
            || (Line { schema: &input }).text(&property.ty, MAX_DEPTH).chars().count() > MAX_LINE_CHARS;
        if !is_new {
            continue;
        }
        let mark = if property.required { "" } else { "?" };
        let mut text = format!("  {}{mark}: ", word(&property.name));
        lines.write(&mut text, &property.ty, 1);
        lines.end(&mut out, &text, &property.notes, "");
    }
    lines.write_named(&mut out);
    let output = shown_result_type(tool, bounds);
    let lines = Lines { schema: &output };
    let is_plain =
        !has_notes(&output.root) && Line { schema: &output }.text(&output.root, 48).len() <= MAX_RESULT;
    if !is_plain || !output.definitions.is_empty() {
        out.push_str("  result: ");
        lines.write(&mut out, &output.root, 1);
        out.push('\n');
        lines.write_named(&mut out);
    }
    out
}

/// Longest list of alternatives that is told, in characters.
const MAX_ALTERNATIVES_CHARS: usize = 600;

/// The objects of which the arguments are one, as deep as there is room; none where there is no choice.
pub(crate) fn alternatives(schema: &Schema) -> Vec<String> {
    let objects = schema.alternatives();
    for depth in (1..=MAX_DEPTH).rev() {
        let line = Line { schema };
        let texts: Vec<_> = objects.iter().map(|object| line.object(object, depth - 1)).collect();
        if texts.iter().map(|text| text.chars().count()).sum::<usize>() <= MAX_ALTERNATIVES_CHARS {
            return texts;
        }
    }
    Vec::new()
}

/// The same of a tool's arguments.
pub(crate) fn alternatives_of(tool: &terraphim_types::ToolDefinition) -> Vec<String> {
    alternatives(&arguments_type(tool, Bounds::LINE))
}

/// Writes types over several lines, with their notes behind them.
struct Lines<'a> {
    schema: &'a Schema,
}

impl Lines<'_> {
    fn write(&self, out: &mut String, ty: &Type, indent: usize) {
        let short = (!has_notes(ty)).then(|| Line { schema: self.schema }.text(ty, 48));
        if let Some(short) = short.filter(|text| text.chars().count() <= SHORT) {
            out.push_str(&short);
            return;
        }
        match ty {
            Type::Array(items) => {
                out.push('[');
                self.write(out, items, indent);
                out.push(']');
            }
            Type::Object(object) => self.write_object(out, object, indent),
            Type::Union(members) | Type::Intersection(members) => {
                let sign = if matches!(ty, Type::Union(_)) { "|" } else { "&" };
                for (at, member) in members.iter().enumerate() {
                    out.push_str(if at > 0 { sign } else { "" });
                    self.write(out, member, indent);
                }
            }
            other => out.push_str(&Line { schema: self.schema }.text(other, 48)),
        }
    }

    fn write_object(&self, out: &mut String, object: &ObjectType, indent: usize) {
        out.push_str("{\n");
        let margin = "  ".repeat(indent + 1);
        for property in &object.properties {
            let mut text = format!("{margin}{}: ", key(&property.name, property.required));
            self.write(&mut text, &property.ty, indent + 1);
            self.end(out, &text, &property.notes, ",");
        }
        if let Extra::Of(ty) = &object.extra {
            out.push_str(&format!("{margin}string: "));
            self.write(out, ty, indent + 1);
            out.push_str(",\n");
        }
        out.push_str(&"  ".repeat(indent));
        out.push('}');
    }

    /// Ends a member with its default and its note.
    fn end(&self, out: &mut String, text: &str, notes: &Notes, sign: &str) {
        let default =
            notes.default.as_ref().map(|value| format!(" = {}", bounded::one_line(&value.to_string(), 80)));
        let note = described(notes, true).map(|note| format!("  # {note}")).unwrap_or_default();
        // A note stands behind the last line of what it is about.
        let _ = writeln!(out, "{text}{}{sign}{note}", default.unwrap_or_default());
    }

    fn write_named(&self, out: &mut String) {
        for definition in &self.schema.definitions {
            let mut text = format!("  {} = ", pascal_case(&definition.name));
            self.write(&mut text, &definition.ty, 1);
            let _ = writeln!(out, "{text}");
        }
    }
}

/// Whether something is said of a part of the type.
fn has_notes(ty: &Type) -> bool {
    match ty {
        Type::Array(items) => has_notes(items),
        Type::Union(members) | Type::Intersection(members) => members.iter().any(has_notes),
        Type::Object(object) => {
            let said = object.properties.iter().any(|property| is_noted(&property.notes, &property.ty));
            said || matches!(&object.extra, Extra::Of(ty) if has_notes(ty))
        }
        _ => false,
    }
}

fn is_noted(notes: &Notes, ty: &Type) -> bool {
    notes.default.is_some() || described(notes, true).is_some() || has_notes(ty)
}
