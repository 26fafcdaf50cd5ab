//! A tool as a Bash program calls it.

mod notation;

use serde_json::Value;
use terraphim_types::ToolDefinition;

use crate::{
    bounded,
    docs::ParameterDocs,
    example::{MAX_CALL_CHARS, example_arguments},
};

pub(crate) use self::notation::{Shown, alternatives_of, arguments, parameters, result, shown};

/// The call on one line: texts by `name=`, everything else by `name:=`.
pub(crate) fn signature(qualified: &str, parameters: &[ParameterDocs]) -> String {
    let shown = parameters.iter().map(parameter);
    std::iter::once(format!("mcp call {}", word(qualified))).chain(shown).collect::<Vec<_>>().join(" ")
}

fn parameter(one: &ParameterDocs) -> String {
    let sign = if is_text(&one.ty) { "=" } else { ":=" };
    let given = format!("{}{sign}{}", word(&one.name), one.ty.replace(' ', ""));
    if one.required { given } else { format!("[{given}]") }
}

/// Whether each value of a type is a text: it is one, or one of some texts in quotes.
fn is_text(ty: &str) -> bool {
    let mut in_quotes = false;
    let mut is_escaped = false;
    let mut outside = String::new();
    for c in ty.chars() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' if in_quotes => is_escaped = true,
            '"' => {
                in_quotes = !in_quotes;
                outside.push_str(if in_quotes { "string" } else { "" });
            }
            _ if in_quotes => {}
            c => outside.push(c),
        }
    }
    outside.split('|').all(|member| member.trim() == "string")
}

/// A call of the tool as a program writes it; `None` where no short one could be made.
pub(crate) fn example_call(qualified: &str, tool: &ToolDefinition) -> Option<String> {
    let arguments = example_arguments(tool)?;
    let named = arguments.keys().all(|name| is_plain(name));
    let given: Vec<String> = if named {
        arguments
            .iter()
            .map(|(name, value)| match value {
                Value::String(text) => word(&format!("{name}={text}")),
                other => word(&format!("{name}:={other}")),
            })
            .collect()
    } else {
        vec![format!("--json {}", word(&Value::Object(arguments).to_string()))]
    };
    let call = std::iter::once(format!("mcp call {}", word(qualified))).chain(given);
    let call = call.collect::<Vec<_>>().join(" ");
    (call.chars().count() <= MAX_CALL_CHARS).then_some(call)
}

fn is_plain(name: &str) -> bool {
    let usable = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    !name.is_empty() && !name.starts_with('-') && name.chars().all(usable)
}

/// A word as the shell reads it, in quotes where it needs them.
pub(crate) fn word(text: &str) -> String {
    let usable =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '=' | ':' | '/' | ',' | '+');
    if !text.is_empty() && text.chars().all(usable) {
        return text.to_owned();
    }
    if text.contains(|c| c < ' ' || bounded::is_unseen(c)) {
        return format!("$'{}'", text.chars().map(escaped).collect::<String>());
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// A character between `$'` and `'`.
fn escaped(c: char) -> String {
    match u32::from(c) {
        _ if matches!(c, '\'' | '\\') => format!("\\{c}"),
        code if code < 0x20 || code == 0x7f => format!("\\x{code:02x}"),
        code if bounded::is_unseen(c) => format!("\\U{code:08x}"),
        _ => c.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_where_the_shell_would_read_something_else() {
        assert_eq!(word("a.b=c"), "a.b=c");
        for (text, quoted) in [
            ("a b", "'a b'"),
            ("it's", "'it'\\''s'"),
            ("$(x)", "'$(x)'"),
            ("", "''"),
            ("a\u{202e}'\r", "$'a\\U0000202e\\'\\x0d'"),
        ] {
            assert_eq!(word(text), quoted);
        }
    }

    #[test]
    fn a_signature_tells_texts_from_other_values() {
        let one = |name: &str, ty: &str, required| ParameterDocs {
            name: name.into(),
            ty: ty.into(),
            required,
            description: None,
            sent_as: None,
            default: None,
        };
        let texts =
            [("\"a\"|\"b|1\"", true), ("\"\\\"|1\"", true), ("\"a\"|1|null", false), ("string|null", false)];
        for (ty, expected) in texts {
            assert_eq!(is_text(ty), expected, "{ty}");
        }
        let given =
            [one("query", "string", true), one("limit", "number", false), one("by", "\"a\" | \"b\"", false)];
        assert_eq!(
            signature("notes.search", &given),
            "mcp call notes.search query=string [limit:=number] [by=\"a\"|\"b\"]"
        );
    }
}
