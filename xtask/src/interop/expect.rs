//! What a test expected and saw instead.

use std::fmt;

use serde_json::Value;

use crate::error::Error;

/// How much of a text a fault shows, in bytes.
const SHOWN: usize = 6 << 10;

/// What a test comes to.
pub(super) type Verdict = Result<(), Fault>;

/// Why a test failed.
#[derive(Debug)]
pub(super) enum Fault {
    /// The test itself could not be carried out.
    Harness(Error),
    /// Something is not as promised.
    Unexpected { what: String, wanted: String, seen: String },
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Harness(error) => error.fmt(f),
            Self::Unexpected { what, wanted, seen } => {
                write!(f, "{what}\n  expected: {wanted}\n  seen:     {}", seen.trim_end())
            }
        }
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Harness(error)
    }
}

/// The part of a value that a JSON pointer names; null where there is none.
pub(super) fn at<'v>(value: &'v Value, pointer: &str) -> &'v Value {
    value.pointer(pointer).unwrap_or(&Value::Null)
}

/// Holds a part of a value against another.
pub(super) fn equals(value: &Value, pointer: &str, wanted: &Value) -> Verdict {
    let seen = at(value, pointer);
    if seen == wanted {
        return Ok(());
    }
    Err(unexpected(&format!("the value at `{pointer}`"), wanted, format!("{seen} in\n{value:#}")))
}

/// Holds a part of a value to a text that contains each of `parts`.
pub(super) fn tells(value: &Value, pointer: &str, parts: &[&str]) -> Verdict {
    let seen = at(value, pointer);
    match seen.as_str() {
        Some(text) => contains(&format!("the text at `{pointer}`"), text, parts),
        None => Err(unexpected(&format!("the value at `{pointer}`"), "a text", format!("{value:#}"))),
    }
}

/// Holds a text to contain each of `parts`.
pub(super) fn contains(what: &str, text: &str, parts: &[&str]) -> Verdict {
    match parts.iter().find(|part| !text.contains(**part)) {
        None => Ok(()),
        Some(part) => Err(unexpected(what, format!("`{part}`"), text)),
    }
}

/// Holds a condition to be true.
pub(super) fn holds(condition: bool, what: &str, wanted: &str, seen: impl fmt::Display) -> Verdict {
    if condition { Ok(()) } else { Err(unexpected(what, wanted, seen)) }
}

/// A fault.
pub(super) fn unexpected(what: &str, wanted: impl fmt::Display, seen: impl fmt::Display) -> Fault {
    Fault::Unexpected { what: what.into(), wanted: shortened(&wanted), seen: shortened(&seen) }
}

/// A text with its middle left out where it is long.
fn shortened(text: &impl fmt::Display) -> String {
    let text = text.to_string();
    let head = text.floor_char_boundary(SHOWN / 2);
    let tail = text.ceil_char_boundary(text.len().saturating_sub(SHOWN / 2));
    match (text.get(..head), text.get(tail..)) {
        (Some(head), Some(tail)) if text.len() > SHOWN => {
            format!("{head}\n... ({} bytes in all) ...\n{tail}", text.len())
        }
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn differences_are_told_with_both_sides() {
        let value = json!({ "a": ["b", 2] });
        assert!(equals(&value, "/a/1", &json!(2)).is_ok());
        let told = equals(&value, "/a/0", &json!("c")).expect_err("different").to_string();
        assert!(told.starts_with("the value at `/a/0`\n  expected: \"c\"\n  seen:     \"b\" in"), "{told}");
        assert!(equals(&value, "/a/7", &json!(2)).is_err());
        assert!(tells(&value, "/a/0", &["b"]).is_ok());
        assert!(tells(&value, "/a/0", &["b", "c"]).is_err());
        assert!(tells(&value, "/a/1", &["2"]).is_err(), "a number is no text");
    }

    #[test]
    fn long_texts_are_shown_at_both_ends() {
        assert_eq!(shortened(&"kurz"), "kurz");
        let told = shortened(&format!("first{}last", "ü".repeat(SHOWN)));
        assert!(told.starts_with("first") && told.ends_with("last") && told.len() < SHOWN + 100, "{told}");
    }
}
