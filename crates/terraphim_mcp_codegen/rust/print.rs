//! From values to text.

use std::fmt::{self, Write};

use crate::{Map, Value};

/// Compact JSON; with `{:#}` on indented lines.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = f.alternate();
        write_value(f, self, lines, 0)
    }
}

/// The same as `Display`.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn write_value(out: &mut fmt::Formatter<'_>, value: &Value, lines: bool, depth: usize) -> fmt::Result {
    match value {
        Value::Null => out.write_str("null"),
        Value::Bool(value) => write!(out, "{value}"),
        Value::Number(number) => write!(out, "{number}"),
        Value::String(text) => write_text(out, text),
        Value::Array(items) if items.is_empty() => out.write_str("[]"),
        Value::Object(map) if map.is_empty() => out.write_str("{}"),
        Value::Array(items) => write_array(out, items, lines, depth + 1),
        Value::Object(map) => write_object(out, map, lines, depth + 1),
    }
}

fn write_array(out: &mut fmt::Formatter<'_>, items: &[Value], lines: bool, depth: usize) -> fmt::Result {
    out.write_char('[')?;
    for (at, item) in items.iter().enumerate() {
        begin_member(out, at, lines, depth)?;
        write_value(out, item, lines, depth)?;
    }
    end_members(out, lines, depth)?;
    out.write_char(']')
}

fn write_object(out: &mut fmt::Formatter<'_>, map: &Map, lines: bool, depth: usize) -> fmt::Result {
    out.write_char('{')?;
    for (at, (name, value)) in map.iter().enumerate() {
        begin_member(out, at, lines, depth)?;
        write_text(out, name)?;
        out.write_str(if lines { ": " } else { ":" })?;
        write_value(out, value, lines, depth)?;
    }
    end_members(out, lines, depth)?;
    out.write_char('}')
}

fn begin_member(out: &mut fmt::Formatter<'_>, at: usize, lines: bool, depth: usize) -> fmt::Result {
    if at > 0 {
        out.write_char(',')?;
    }
    if lines {
        write!(out, "\n{:width$}", "", width = depth * 2)
    } else {
        Ok(())
    }
}

fn end_members(out: &mut fmt::Formatter<'_>, lines: bool, depth: usize) -> fmt::Result {
    if lines {
        write!(out, "\n{:width$}", "", width = (depth - 1) * 2)
    } else {
        Ok(())
    }
}

fn write_text(out: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    out.write_char('"')?;
    let mut start = 0;
    for (at, byte) in text.bytes().enumerate() {
        let escape = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0..=0x1f => "",
            _ => continue,
        };
        out.write_str(&text[start..at])?;
        if escape.is_empty() {
            write!(out, "\\u{byte:04x}")?;
        } else {
            out.write_str(escape)?;
        }
        start = at + 1;
    }
    out.write_str(&text[start..])?;
    out.write_char('"')
}
