//! Reading the arguments of a call: every complaint names the property, and a
//! property that does not exist the nearest one that does.

use std::{fmt::Display, ops::RangeInclusive, str::FromStr};

use serde_json::{Map, Value};
use terraphim_mcp_codegen::{bounded, nearest};

/// Most characters of a client's own words in a complaint.
const MAX_QUOTED_CHARS: usize = 60;

/// Why a call's arguments cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ArgumentError {
    /// The tool has no such property.
    #[error("{tool} has no property `{property}`{}: it takes {}", did_you_mean(nearest), known.join(", "))]
    Unknown { tool: &'static str, property: String, nearest: Vec<String>, known: &'static [&'static str] },
    /// The text cannot be what it is to be.
    #[error("the property `{property}` of {tool} is wrong: {complaint}")]
    Wrong { tool: &'static str, property: &'static str, complaint: String },
    /// A required property is absent.
    #[error("{tool} needs the property `{property}`, {expected}")]
    Missing { tool: &'static str, property: &'static str, expected: &'static str },
    /// The property has another type.
    #[error("the property `{property}` of {tool} must be {expected}, not {found}")]
    Type { tool: &'static str, property: &'static str, expected: &'static str, found: &'static str },
    /// The property is out of its range.
    #[error("the property `{property}` of {tool} must be from {min} to {max}, not {value}")]
    Range { tool: &'static str, property: &'static str, min: u64, max: u64, value: String },
    /// The property is none of the values that it can have.
    #[error("the property `{property}` of {tool} must be one of {}, not `{value}`{}", choices.join(", "), did_you_mean(nearest))]
    Choice {
        tool: &'static str,
        property: &'static str,
        choices: Vec<&'static str>,
        value: String,
        nearest: Vec<String>,
    },
}

/// "did you mean ...?" in parentheses, or nothing.
pub(crate) fn did_you_mean(nearest: &[String]) -> String {
    let Some((last, others)) = nearest.split_last() else { return String::new() };
    if others.is_empty() {
        return format!(" (did you mean `{last}`?)");
    }
    format!(" (did you mean `{}` or `{last}`?)", others.join("`, `"))
}

/// The arguments of one call; each property is taken out once.
#[derive(Debug)]
pub(crate) struct Arguments {
    tool: &'static str,
    values: Map<String, Value>,
}

impl Arguments {
    /// Takes a call's arguments in; `known` are the properties of the tool.
    pub(crate) fn new(
        tool: &'static str,
        known: &'static [&'static str],
        values: Map<String, Value>,
    ) -> Result<Self, ArgumentError> {
        match values.keys().find(|name| !known.contains(&name.as_str())) {
            None => Ok(Self { tool, values }),
            Some(name) => Err(ArgumentError::Unknown {
                tool,
                property: quoted(name),
                nearest: nearest(name, known.iter().copied()),
                known,
            }),
        }
    }

    /// A text, where it is given.
    pub(crate) fn text(&mut self, property: &'static str) -> Result<Option<String>, ArgumentError> {
        match self.take(property) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(self.type_error(property, "a string", &other)),
        }
    }

    /// A text that must be given.
    pub(crate) fn required_text(
        &mut self,
        property: &'static str,
        expected: &'static str,
    ) -> Result<String, ArgumentError> {
        let tool = self.tool;
        self.text(property)?.ok_or(ArgumentError::Missing { tool, property, expected })
    }

    /// A list of texts, where it is given; one text stands for a list of it.
    pub(crate) fn texts(&mut self, property: &'static str) -> Result<Option<Vec<String>>, ArgumentError> {
        let expected = "a list of strings";
        let values = match self.take(property) {
            None => return Ok(None),
            Some(Value::String(text)) => return Ok(Some(vec![text])),
            Some(Value::Array(values)) => values,
            Some(other) => return Err(self.type_error(property, expected, &other)),
        };
        let texts = values.into_iter().map(|value| match value {
            Value::String(text) => Ok(text),
            other => Err(self.type_error(property, expected, &other)),
        });
        texts.collect::<Result<_, _>>().map(Some)
    }

    /// A list of texts that must be given.
    pub(crate) fn required_texts(
        &mut self,
        property: &'static str,
        expected: &'static str,
    ) -> Result<Vec<String>, ArgumentError> {
        let tool = self.tool;
        self.texts(property)?.ok_or(ArgumentError::Missing { tool, property, expected })
    }

    /// Takes a flag.
    pub(crate) fn flag(&mut self, property: &'static str) -> Result<Option<bool>, ArgumentError> {
        match self.take(property) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(flag)),
            Some(other) => Err(self.type_error(property, "true or false", &other)),
        }
    }

    /// Takes a text that has to be read as something.
    pub(crate) fn parsed<T: FromStr<Err: Display>>(
        &mut self,
        property: &'static str,
    ) -> Result<Option<T>, ArgumentError> {
        let tool = self.tool;
        let Some(text) = self.text(property)? else { return Ok(None) };
        let wrong = |error: T::Err| ArgumentError::Wrong { tool, property, complaint: error.to_string() };
        text.parse().map(Some).map_err(wrong)
    }

    /// A whole number within a range, where it is given.
    pub(crate) fn integer(
        &mut self,
        property: &'static str,
        range: RangeInclusive<u64>,
    ) -> Result<Option<u64>, ArgumentError> {
        let Some(value) = self.take(property) else { return Ok(None) };
        let Value::Number(number) = &value else {
            return Err(self.type_error(property, "a whole number", &value));
        };
        match whole(number) {
            Some(integer) if range.contains(&integer) => Ok(Some(integer)),
            _ => Err(ArgumentError::Range {
                tool: self.tool,
                property,
                min: *range.start(),
                max: *range.end(),
                value: quoted(&number.to_string()),
            }),
        }
    }

    /// One of some words, where it is given.
    pub(crate) fn choice<T: Copy>(
        &mut self,
        property: &'static str,
        choices: &[(&'static str, T)],
    ) -> Result<Option<T>, ArgumentError> {
        let Some(word) = self.text(property)? else { return Ok(None) };
        let found = choices.iter().find(|(name, _)| name.eq_ignore_ascii_case(&word));
        let words = || choices.iter().map(|(name, _)| *name);
        found.map(|(_, choice)| Some(*choice)).ok_or_else(|| ArgumentError::Choice {
            tool: self.tool,
            property,
            choices: words().collect(),
            value: quoted(&word),
            nearest: nearest(&word, words()),
        })
    }

    /// The value of a property; null stands for an absent one.
    fn take(&mut self, property: &str) -> Option<Value> {
        self.values.remove(property).filter(|value| !value.is_null())
    }

    fn type_error(&self, property: &'static str, expected: &'static str, found: &Value) -> ArgumentError {
        ArgumentError::Type { tool: self.tool, property, expected, found: kind(found) }
    }
}

/// The number as an integer, also where it is written as `5000.0`.
fn whole(number: &serde_json::Number) -> Option<u64> {
    let from_float = || {
        let float = number.as_f64().filter(|float| float.fract() == 0.0 && (0.0..1e15).contains(float))?;
        format!("{float:.0}").parse().ok()
    };
    number.as_u64().or_else(from_float)
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// A client's own words, short and on one line.
pub(crate) fn quoted(text: &str) -> String {
    bounded::one_line(text, MAX_QUOTED_CHARS)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn arguments(values: Value) -> Result<Arguments, ArgumentError> {
        let Value::Object(values) = values else { panic!("an object") };
        Arguments::new("execute_code", &["code", "language", "timeout_ms"], values)
    }

    #[test]
    fn unknown_properties_name_the_nearest() {
        let error = arguments(json!({ "timeout": 5 })).unwrap_err().to_string();
        let expected = "execute_code has no property `timeout` (did you mean `timeout_ms`?): it takes code, language, timeout_ms";
        assert_eq!(error, expected);
        let long = arguments(json!({ "x".repeat(1 << 20): 5 })).unwrap_err().to_string();
        assert!(long.len() < 300, "{}", long.len());
    }

    #[test]
    fn numbers_are_whole_and_in_range() {
        let read =
            |value: Value| arguments(json!({ "timeout_ms": value })).unwrap().integer("timeout_ms", 1..=9);
        assert_eq!(read(json!(9)), Ok(Some(9)));
        assert_eq!(read(json!(5.0)), Ok(Some(5)));
        assert_eq!(read(json!(null)), Ok(None));
        for wrong in [json!(0), json!(10), json!(-1), json!(1.5), json!(1e300)] {
            let error = read(wrong.clone()).unwrap_err();
            assert!(matches!(error, ArgumentError::Range { property: "timeout_ms", .. }), "{wrong}: {error}");
        }
        let error = read(json!("5")).unwrap_err().to_string();
        assert_eq!(error, "the property `timeout_ms` of execute_code must be a whole number, not a string");
    }

    #[test]
    fn choices_name_the_nearest() {
        let choices = [("typescript", 1), ("javascript", 2)];
        let read = |word: &str| arguments(json!({ "language": word })).unwrap().choice("language", &choices);
        assert_eq!(read("TypeScript"), Ok(Some(1)));
        let error = read("javscript").unwrap_err().to_string();
        assert_eq!(
            error,
            "the property `language` of execute_code must be one of typescript, javascript, not `javscript` (did you mean `javascript`?)"
        );
    }

    #[test]
    fn required_properties_are_named() {
        let error = arguments(json!({})).unwrap().required_text("code", "the program").unwrap_err();
        assert_eq!(error.to_string(), "execute_code needs the property `code`, the program");
        let mixed = arguments(json!({ "code": ["a", 1] })).unwrap().texts("code").unwrap_err();
        assert_eq!(
            mixed.to_string(),
            "the property `code` of execute_code must be a list of strings, not a number"
        );
    }
}
