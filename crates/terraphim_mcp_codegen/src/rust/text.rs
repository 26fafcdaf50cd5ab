//! Types as the text of Rust: declarations that a program's author reads, and the code behind them.

use super::types::{Declaration, Field, Shape, Side};
use crate::{bounded, schema::Notes};

/// Longest note of a field, and longest struct without notes that stands on one line, in characters.
const MAX_NOTE_CHARS: usize = 400;
const MAX_LINE_CHARS: usize = 90;

/// A text as a Rust literal; everything but visible ASCII is escaped.
pub(crate) fn literal(text: &str) -> String {
    format!("\"{}\"", text.escape_default())
}

/// Appends doc comments of these lines, none of which can end its comment: line feeds are
/// split, carriage returns and other controls are gone.
pub(super) fn write_doc<'t>(out: &mut String, lines: impl IntoIterator<Item = &'t str>, indent: usize) {
    for line in lines.into_iter().flat_map(|text| text.split('\n')) {
        let line = bounded::visible(line.trim_end());
        out.push_str(&" ".repeat(indent));
        out.push_str(if line.is_empty() { "///" } else { "/// " });
        out.push_str(&line);
        out.push('\n');
    }
}

fn write_notes(out: &mut String, notes: &Notes, indent: usize) {
    // The type says it.
    let facts: Vec<&str> = notes.facts.iter().map(String::as_str).filter(|fact| *fact != "integer").collect();
    let facts = facts.join(", ");
    match notes.description.as_deref() {
        None if facts.is_empty() => {}
        None => write_doc(out, [facts.as_str()], indent),
        Some(text) if facts.is_empty() => write_doc(out, [text], indent),
        Some(text) => write_doc(out, [format!("{text} ({facts})").as_str()], indent),
    }
    if notes.deprecated {
        write_doc(out, ["Deprecated."], indent);
    }
}

/// The struct or enum as its docs show it: in few words, with the names and texts that are sent
/// where they differ from what is written.
pub(super) fn write_short_declaration(out: &mut String, declaration: &Declaration) {
    let Declaration { name, notes, shape } = declaration;
    write_notes(out, notes, 0);
    match shape {
        Shape::Struct { fields, other } => {
            let mut lines = Vec::new();
            for field in fields {
                let sent =
                    sent_as(field).map(|sent| format!("; {} in JSON", bounded::cut(&literal(sent), 80)));
                let note = note_of(&field.notes).unwrap_or_default() + &sent.unwrap_or_default();
                let note = bounded::one_line(note.trim_start_matches("; "), MAX_NOTE_CHARS);
                lines.push((format!("pub {}: {}", field.name, field.ty), note));
            }
            lines.extend(other.as_ref().map(|other| (format!("pub {other}: Map"), String::new())));
            let line = lines.iter().map(|(field, _)| field.as_str()).collect::<Vec<_>>().join(", ");
            if line.chars().count() <= MAX_LINE_CHARS && lines.iter().all(|(_, note)| note.is_empty()) {
                out.push_str(&format!("pub struct {name} {{ {line} }}\n"));
                return;
            }
            out.push_str(&format!("pub struct {name} {{\n"));
            for (field, note) in lines {
                let gap = if note.is_empty() { "" } else { " // " };
                out.push_str(&format!("    {field},{gap}{note}\n"));
            }
            out.push_str("}\n");
        }
        Shape::Choice(variants) => {
            let names = variants.iter().map(|(variant, _)| variant.as_str()).chain(["Other(String)"]);
            let texts: Vec<_> = variants.iter().map(|(_, text)| literal(text)).collect();
            let names = names.collect::<Vec<_>>().join(", ");
            let texts = bounded::cut(&texts.join(", "), 800).into_owned();
            out.push_str(&format!("pub enum {name} {{ {names} }} // {texts}\n"));
        }
    }
}

/// The name under which a field is sent, where that is another one.
pub(super) fn sent_as(field: &Field) -> Option<&str> {
    (field.name.trim_start_matches("r#") != field.json).then_some(field.json.as_str())
}

/// What is said of a field, on one line.
fn note_of(notes: &Notes) -> Option<String> {
    let facts: Vec<&str> = notes.facts.iter().map(String::as_str).filter(|fact| *fact != "integer").collect();
    let facts = facts.join(", ");
    match notes.description.as_deref() {
        None if facts.is_empty() => None,
        None => Some(facts),
        Some(text) if facts.is_empty() => Some(text.to_owned()),
        Some(text) => Some(format!("{text} ({facts})")),
    }
}

/// The struct or enum as its users see it.
pub(super) fn write_declaration(out: &mut String, declaration: &Declaration, side: Side) {
    let Declaration { name, notes, shape } = declaration;
    write_notes(out, notes, 0);
    match shape {
        Shape::Struct { fields, other } => {
            let equal = if side == Side::Result { ", PartialEq" } else { "" };
            out.push_str(&format!("#[derive(Clone, Default{equal})]\npub struct {name} {{\n"));
            for field in fields {
                write_notes(out, &field.notes, 4);
                out.push_str(&format!("    pub {}: {},\n", field.name, field.ty));
            }
            if let Some(other) = other {
                write_doc(out, ["What is not declared."], 4);
                out.push_str(&format!("    pub {other}: Map,\n"));
            }
        }
        Shape::Choice(variants) => {
            out.push_str(&format!("#[derive(Clone, PartialEq)]\npub enum {name} {{\n"));
            for (variant, text) in variants {
                write_doc(out, [format!("`{}`", bounded::one_line(text, 80)).as_str()], 4);
                out.push_str(&format!("    {variant},\n"));
            }
            write_doc(out, ["Any other text."], 4);
            out.push_str("    Other(String),\n");
        }
    }
    out.push_str("}\n");
}

/// The code by which the type becomes JSON and is made of it.
pub(super) fn write_code(out: &mut String, declaration: &Declaration, side: Side) {
    let name = &declaration.name;
    match &declaration.shape {
        Shape::Struct { fields, other } => {
            write_to_json(out, name, fields, other.as_deref());
            if side == Side::Result {
                write_from_json(out, name, fields, other.as_deref());
            }
        }
        Shape::Choice(variants) => {
            let pairs: Vec<String> =
                variants.iter().map(|(variant, text)| format!("{variant} = {}", literal(text))).collect();
            // With one variant there is nothing to choose.
            let default = match variants.as_slice() {
                [(only, _)] => format!("Self::{only}"),
                _ => "Self::Other(String::new())".to_owned(),
            };
            out.push_str(&format!("mcp_runtime::choice!({name}, {default}; {});\n", pairs.join(", ")));
        }
    }
}

fn write_to_json(out: &mut String, name: &str, fields: &[Field], other: Option<&str>) {
    out.push_str(&format!("impl ToJson for {name} {{ fn to_json(&self) -> Value {{ object(&[\n"));
    for Field { name, json, required, .. } in fields {
        out.push_str(&format!("({}, {required}, &self.{name}),\n", literal(json)));
    }
    let other = other.map_or("None".to_owned(), |other| format!("Some(&self.{other})"));
    out.push_str(&format!("], {other}) }} }}\n"));
    out.push_str(&format!(
        "impl Debug for {name} {{ fn fmt(&self, f: &mut Formatter<'_>) -> FmtResult \
         {{ debug({}, self, f) }} }}\n",
        literal(name)
    ));
}

fn write_from_json(out: &mut String, name: &str, fields: &[Field], other: Option<&str>) {
    let shown = literal(name);
    out.push_str(&format!(
        "impl FromJson for {name} {{ const WHAT: &'static str = \"an object\";\n\
         fn check(value: &Value) -> Fits {{ check_object(value) }}\n\
         fn from_json(value: Value) -> Option<Self> {{ let mut fields = Fields::new(value, {shown})?; Some(Self {{\n"
    ));
    for Field { name, json, .. } in fields {
        out.push_str(&format!("{name}: fields.take({}),\n", literal(json)));
    }
    if let Some(other) = other {
        out.push_str(&format!("{other}: fields.rest(),\n"));
    }
    out.push_str("}) } }\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_hold_what_they_are_given() {
        assert_eq!(literal("a\"b\\\n\r{}é\u{202e}"), "\"a\\\"b\\\\\\n\\r{}\\u{e9}\\u{202e}\"");
    }

    #[test]
    fn a_doc_comment_cannot_be_left() {
        let mut out = String::new();
        write_doc(&mut out, ["a\nb\r#[evil]\r\n*/ \u{202e}/// c\n\nfn main() {}"], 2);
        assert_eq!(out, "  /// a\n  /// b#[evil]\n  /// */ /// c\n  ///\n  /// fn main() {}\n");
    }
}
