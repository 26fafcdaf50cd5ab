//! Names, literals, comments and docstrings of Python, none of which can be left.

use std::fmt::Write as _;

use serde_json::Value;

use crate::{
    bounded,
    rust::names::is_usable,
    schema::{Literal, Notes},
};

/// Words that cannot be a name, sorted.
const RESERVED: [&str; 35] = [
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def",
    "del", "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is",
    "lambda", "nonlocal", "not", "or", "pass", "raise", "return", "try", "while", "with", "yield",
];

/// Whether a text is a name that means the same to everybody: Python compares names in normal
/// form KC, which changes none of these letters.
pub(crate) fn is_name(text: &str) -> bool {
    let mut letters = text.chars();
    letters.next().is_some_and(|first| first == '_' || is_usable(first) && !first.is_ascii_digit())
        && letters.all(|letter| letter == '_' || is_usable(letter))
        && !is_reserved(text)
}

/// Whether the language itself uses the word.
pub(crate) fn is_reserved(text: &str) -> bool {
    RESERVED.binary_search(&text).is_ok()
}

/// The names that a text is made of.
pub(super) fn tokens(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c == '_' || c.is_alphanumeric())).filter(|word| !word.is_empty())
}

/// A text as a literal; what cannot be seen is escaped.
pub(crate) fn quoted(text: &str) -> String {
    let json = Value::from(text).to_string();
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        // Writing to a string cannot fail.
        let _ = match u32::from(c) {
            code if !bounded::is_unseen(c) => char::from_u32(code).map_or(Ok(()), |c| out.write_char(c)),
            code if code <= 0xffff => write!(out, "\\u{code:04x}"),
            code => write!(out, "\\U{code:08x}"),
        };
    }
    out
}

/// A value that a type names.
pub(super) fn literal_text(literal: &Literal) -> String {
    match literal {
        Literal::String(text) => quoted(text),
        Literal::Number(number) => number.to_string(),
        Literal::Boolean(true) => "True".to_owned(),
        Literal::Boolean(false) => "False".to_owned(),
    }
}

/// A value as Python writes it.
pub(super) fn value_text(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Array(items) => format!("[{}]", items.iter().map(value_text).collect::<Vec<_>>().join(", ")),
        Value::Object(map) => {
            let entry = |(name, value): (&String, &Value)| format!("{}: {}", quoted(name), value_text(value));
            format!("{{{}}}", map.iter().map(entry).collect::<Vec<_>>().join(", "))
        }
        Value::String(text) => quoted(text),
        number @ Value::Number(_) => number.to_string(),
    }
}

/// Appends notes as comments. They begin with `#:`, which no checker reads as an instruction to itself.
pub(super) fn write_note(out: &mut String, notes: &Notes, indent: &str) {
    // The type says it.
    let facts: Vec<&str> = notes.facts.iter().map(String::as_str).filter(|fact| *fact != "integer").collect();
    let facts = facts.join(", ");
    let text = match notes.description.as_deref() {
        None => facts,
        Some(text) if facts.is_empty() => text.to_owned(),
        Some(text) => format!("{text} ({facts})"),
    };
    write_comment(out, &text, indent);
    if notes.deprecated {
        write_comment(out, "Deprecated.", indent);
    }
}

/// Appends a text as comments, one for each of its lines.
pub(crate) fn write_comment(out: &mut String, text: &str, indent: &str) {
    for line in text.trim().split('\n').filter(|_| !text.trim().is_empty()) {
        let line = bounded::visible(line);
        let line = line.trim_end();
        let gap = if line.is_empty() { "" } else { " " };
        out.push_str(&format!("{indent}#:{gap}{line}\n"));
    }
}

/// Appends a docstring of these paragraphs; nothing where there are none.
pub(crate) fn write_docstring(out: &mut String, paragraphs: &[&str], indent: &str) {
    let text = paragraphs.iter().map(|text| text.trim()).filter(|text| !text.is_empty());
    let text = text.collect::<Vec<_>>().join("\n\n");
    let mut text = bounded::visible(&text).replace('\\', "\\\\").replace("\"\"\"", "\\\"\\\"\\\"");
    if text.ends_with('"') {
        // One more would end it too early.
        text.pop();
        text.push_str("\\\"");
    }
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    match lines.as_slice() {
        [] => {}
        [line] => out.push_str(&format!("{indent}\"\"\"{line}\"\"\"\n")),
        lines => {
            out.push_str(&format!("{indent}\"\"\""));
            for (at, line) in lines.iter().enumerate() {
                out.push_str(if at > 0 && !line.is_empty() { indent } else { "" });
                out.push_str(line);
                out.push('\n');
            }
            out.push_str(&format!("{indent}\"\"\"\n"));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_reserved_words_are_sorted() {
        assert!(RESERVED.is_sorted());
    }

    #[test]
    fn values_are_written_as_python_writes_them() {
        let value = json!({ "a": [true, false, null, 1, 1.5, "x\"\n"], "b-c": {} });
        assert_eq!(value_text(&value), r#"{"a": [True, False, None, 1, 1.5, "x\"\n"], "b-c": {}}"#);
        assert_eq!(quoted("a\u{202e}\u{e0041}"), "\"a\\u202e\\U000e0041\"");
    }

    #[test]
    fn comments_and_docstrings_cannot_be_left() {
        let mut out = String::new();
        write_comment(&mut out, "type: ignore\r\nimport os\u{c}\n", "  ");
        write_docstring(&mut out, &["a\\", "\"\"\"\nimport os\""], "");
        let docstring = r#""""a\\

\"\"\"
import os\"
"""
"#;
        assert_eq!(out, format!("  #: type: ignore\n  #: import os\n{docstring}"));
    }
}
