//! Types as TypeScript text over several lines, with their notes as TSDoc.

use std::fmt::Write as _;

use serde_json::Value;

use crate::{
    bounded,
    naming::is_property_name,
    schema::{Extra, Literal, Notes, ObjectType, Property, Tuple, Type},
};

/// Writes types; `names` are the printed names of the definitions.
pub(super) struct Printer<'a> {
    pub(super) names: &'a [String],
}

impl Printer<'_> {
    /// Appends a type; further lines are indented by `indent` steps.
    pub(super) fn write(&self, out: &mut String, ty: &Type, indent: usize) {
        match ty {
            Type::Array(items) => {
                self.write_operand(out, items, indent);
                out.push_str("[]");
            }
            Type::Tuple(tuple) => self.write_tuple(out, tuple, indent),
            Type::Object(object) => self.write_object(out, object, indent),
            Type::Union(members) => self.write_joined(out, members, " | ", indent),
            Type::Intersection(members) => self.write_joined(out, members, " & ", indent),
            Type::Named(index) => out.push_str(self.names.get(*index).map_or("unknown", String::as_str)),
            scalar => out.push_str(&scalar_text(scalar)),
        }
    }

    /// A type where an operator binds: unions and intersections in parentheses.
    fn write_operand(&self, out: &mut String, ty: &Type, indent: usize) {
        let compound = matches!(ty, Type::Union(_) | Type::Intersection(_));
        out.push_str(if compound { "(" } else { "" });
        self.write(out, ty, indent);
        out.push_str(if compound { ")" } else { "" });
    }

    fn write_joined(&self, out: &mut String, members: &[Type], sign: &str, indent: usize) {
        for (index, member) in members.iter().enumerate() {
            out.push_str(if index > 0 { sign } else { "" });
            self.write_operand(out, member, indent);
        }
    }

    fn write_tuple(&self, out: &mut String, tuple: &Tuple, indent: usize) {
        out.push('[');
        for (index, item) in tuple.items.iter().enumerate() {
            out.push_str(if index > 0 { ", " } else { "" });
            self.write_operand(out, item, indent);
            out.push_str(if index >= tuple.required { "?" } else { "" });
        }
        if let Some(rest) = &tuple.rest {
            out.push_str(if tuple.items.is_empty() { "..." } else { ", ..." });
            self.write_operand(out, rest, indent);
            out.push_str("[]");
        }
        out.push(']');
    }

    fn write_object(&self, out: &mut String, object: &ObjectType, indent: usize) {
        if object.properties.is_empty() {
            out.push_str("{ [key: string]: ");
            match &object.extra {
                Extra::Unsaid => out.push_str("unknown"),
                Extra::Closed => out.push_str("never"),
                Extra::Of(ty) => self.write(out, ty, indent),
            }
            out.push_str(" }");
            return;
        }
        out.push_str("{\n");
        for property in &object.properties {
            self.write_property(out, property, indent + 1);
        }
        if let Extra::Of(ty) = &object.extra {
            pad(out, indent + 1);
            out.push_str("[key: string]: ");
            self.write(out, ty, indent + 1);
            out.push_str(";\n");
        }
        pad(out, indent);
        out.push('}');
    }

    fn write_property(&self, out: &mut String, property: &Property, indent: usize) {
        write_notes(out, &property.notes, indent);
        pad(out, indent);
        out.push_str(&object_key(&property.name));
        out.push_str(if property.required { ": " } else { "?: " });
        self.write(out, &property.ty, indent);
        out.push_str(";\n");
    }
}

/// Indents by steps of two spaces.
pub(super) fn pad(out: &mut String, indent: usize) {
    for _ in 0..indent {
        out.push_str("  ");
    }
}

/// Appends notes as a TSDoc comment on lines of its own; nothing where there are none.
pub(super) fn write_notes(out: &mut String, notes: &Notes, indent: usize) {
    if notes.is_empty() {
        return;
    }
    let facts = notes.facts.join(", ");
    let mut lines: Vec<&str> = notes.description.iter().flat_map(|text| text.lines()).collect();
    let sentence;
    match lines.as_slice() {
        _ if facts.is_empty() => {}
        // One short line reads best when all stands on it.
        [line] if line.len() + facts.len() <= 120 => {
            sentence = format!("{line} ({facts})");
            lines = vec![&sentence];
        }
        _ => lines.push(&facts),
    }
    if notes.deprecated {
        lines.push("@deprecated");
    }
    write_comment(out, &lines, indent);
}

/// Appends a TSDoc comment of these lines, so escaped that it ends where it should.
pub(super) fn write_comment(out: &mut String, lines: &[&str], indent: usize) {
    let lines: Vec<String> = lines.iter().map(|line| comment_text(line)).collect();
    pad(out, indent);
    match lines.as_slice() {
        [line] => out.push_str(&format!("/** {line} */\n")),
        lines => {
            out.push_str("/**\n");
            for line in lines {
                pad(out, indent);
                out.push_str(if line.is_empty() { " *" } else { " * " });
                out.push_str(line);
                out.push('\n');
            }
            pad(out, indent);
            out.push_str(" */\n");
        }
    }
}

fn comment_text(line: &str) -> String {
    bounded::visible(line.trim_end()).replace("*/", "*\\/").replace('\n', " ")
}

/// A property name as it stands in an object or a type.
pub(crate) fn object_key(name: &str) -> String {
    if is_property_name(name) { name.to_owned() } else { quoted(name) }
}

/// A string as a JavaScript literal; what cannot be seen is escaped.
pub(crate) fn quoted(text: &str) -> String {
    let json = Value::from(text).to_string();
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if bounded::is_unseen(c) {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                // Writing to a string cannot fail.
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(c);
        }
    }
    out
}

/// A type without parts.
pub(super) fn scalar_text(ty: &Type) -> String {
    match ty {
        Type::Never => "never".to_owned(),
        Type::Null => "null".to_owned(),
        Type::Boolean => "boolean".to_owned(),
        Type::Integer | Type::Number => "number".to_owned(),
        Type::String => "string".to_owned(),
        Type::Literal(Literal::String(text)) => quoted(text),
        Type::Literal(Literal::Number(number)) => number.to_string(),
        Type::Literal(Literal::Boolean(value)) => value.to_string(),
        _ => "unknown".to_owned(),
    }
}
