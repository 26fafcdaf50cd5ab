//! Reads the arguments of a call. The gateway holds them against the tool's
//! schema first; what a schema does not say is checked here, and a caller that
//! comes past the gateway is told the same. `null` is the same as absent.

use std::ops::RangeInclusive;

use serde_json::{Map, Value};

/// What is wrong with the arguments of a call.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ArgumentError {
    #[error("`{name}` is missing: pass {what}")]
    Missing { name: &'static str, what: &'static str },
    #[error("`{name}` is empty: pass {what}")]
    Empty { name: &'static str, what: &'static str },
    #[error("`{name}` has {length} {unit}: shorten it to {most}")]
    Long { name: &'static str, length: usize, unit: &'static str, most: usize },
    #[error("`{name}` is not a string")]
    NotText { name: &'static str },
    #[error("`{name}` is neither true nor false")]
    NotFlag { name: &'static str },
    #[error("`{name}` is not an integer from {least} to {most}")]
    NotInteger { name: &'static str, least: u64, most: u64 },
    #[error("`{name}` is not a number from 0 to 1")]
    NotShare { name: &'static str },
    #[error("`{name}` is none of {choices}")]
    NotAmong { name: &'static str, choices: &'static str },
    #[error("`{name}` is no argument: use {known}")]
    Unknown { name: String, known: String },
}

/// The arguments of a call, of which all names are known.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arguments<'a>(&'a Map<String, Value>);

impl<'a> Arguments<'a> {
    /// Refuses names that the tool does not have.
    pub(crate) fn new<'k>(
        given: &'a Map<String, Value>,
        known: impl Iterator<Item = &'k str> + Clone,
    ) -> Result<Self, ArgumentError> {
        match given.keys().find(|name| !known.clone().any(|known| known == *name)) {
            None => Ok(Self(given)),
            Some(name) => Err(ArgumentError::Unknown {
                name: name.chars().take(100).collect(),
                known: known.collect::<Vec<_>>().join(", "),
            }),
        }
    }

    fn get(self, name: &str) -> Option<&'a Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    pub(crate) fn text(self, name: &'static str) -> Result<Option<&'a str>, ArgumentError> {
        let value = self.get(name).map(|value| value.as_str().ok_or(ArgumentError::NotText { name }));
        value.transpose()
    }

    /// A text that must be there and hold more than blanks, of at most `most` characters.
    pub(crate) fn words(
        self,
        name: &'static str,
        what: &'static str,
        most: usize,
    ) -> Result<&'a str, ArgumentError> {
        let text = self.text(name)?.ok_or(ArgumentError::Missing { name, what })?;
        let length = text.chars().take(most.saturating_add(1)).count();
        if length > most {
            return Err(ArgumentError::Long { name, length: text.chars().count(), unit: "characters", most });
        }
        if text.trim().is_empty() { Err(ArgumentError::Empty { name, what }) } else { Ok(text) }
    }

    /// A text that must be there, of at most `most` bytes; it may be empty.
    pub(crate) fn document(
        self,
        name: &'static str,
        what: &'static str,
        most: usize,
    ) -> Result<&'a str, ArgumentError> {
        let text = self.text(name)?.ok_or(ArgumentError::Missing { name, what })?;
        match text.len() {
            length if length > most => Err(ArgumentError::Long { name, length, unit: "bytes", most }),
            _ => Ok(text),
        }
    }

    pub(crate) fn flag(self, name: &'static str) -> Result<Option<bool>, ArgumentError> {
        let value = self.get(name).map(|value| value.as_bool().ok_or(ArgumentError::NotFlag { name }));
        value.transpose()
    }

    /// A number from 0 to 1.
    pub(crate) fn share(self, name: &'static str, default: f64) -> Result<f64, ArgumentError> {
        let Some(value) = self.get(name) else { return Ok(default) };
        let share = value.as_f64().filter(|share| (0.0..=1.0).contains(share));
        share.ok_or(ArgumentError::NotShare { name })
    }

    pub(crate) fn integer(
        self,
        name: &'static str,
        default: u64,
        range: RangeInclusive<u64>,
    ) -> Result<usize, ArgumentError> {
        let error = || ArgumentError::NotInteger { name, least: *range.start(), most: *range.end() };
        let number = match self.get(name) {
            None => default,
            // Some clients write 10 as 10.0.
            Some(Value::Number(number)) => {
                number.as_u64().or_else(|| whole(number.as_f64()?)).ok_or_else(error)?
            }
            Some(_) => return Err(error()),
        };
        let number = Some(number).filter(|number| range.contains(number)).ok_or_else(error)?;
        usize::try_from(number).map_err(|_| error())
    }
}

/// A number without a fraction, written with a point.
fn whole(number: f64) -> Option<u64> {
    (number.fract() == 0.0).then(|| format!("{number:.0}").parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const KNOWN: [&str; 4] = ["query", "limit", "similarity", "return_positions"];

    fn with<T>(
        given: Value,
        read: impl Fn(Arguments<'_>) -> Result<T, ArgumentError>,
    ) -> Result<T, ArgumentError> {
        let given = given.as_object().expect("an object");
        read(Arguments::new(given, KNOWN.into_iter())?)
    }

    fn query(given: Value) -> Result<String, ArgumentError> {
        with(given, |arguments| arguments.words("query", "words", 10).map(str::to_owned))
    }

    #[test]
    fn texts_are_there_and_bounded() {
        assert_eq!(query(json!({ "query": "rust" })), Ok("rust".to_owned()));
        for (given, expected) in [
            (json!({}), "`query` is missing: pass words"),
            (json!({ "query": null }), "`query` is missing: pass words"),
            (json!({ "query": " \n" }), "`query` is empty: pass words"),
            (json!({ "query": "ü".repeat(12) }), "`query` has 12 characters: shorten it to 10"),
            (json!({ "query": 1 }), "`query` is not a string"),
            (
                json!({ "query": "x", "limits": 1 }),
                "`limits` is no argument: use query, limit, similarity, return_positions",
            ),
        ] {
            assert_eq!(query(given).expect_err("refused").to_string(), expected);
        }
        let document =
            |given| with(given, |arguments| arguments.document("query", "a text", 4).map(str::len));
        assert_eq!(document(json!({ "query": "" })), Ok(0));
        let long = document(json!({ "query": "ääää" })).expect_err("too long").to_string();
        assert_eq!(long, "`query` has 8 bytes: shorten it to 4");
    }

    #[test]
    fn numbers_and_flags_have_defaults_and_bounds() {
        let limit = |given| with(given, |arguments| arguments.integer("limit", 10, 1..=1_000));
        assert_eq!(limit(json!({})), Ok(10));
        assert_eq!(limit(json!({ "limit": null })), Ok(10));
        assert_eq!(limit(json!({ "limit": 1000.0 })), Ok(1_000));
        for wrong in [json!(0), json!(1001), json!(-1), json!(1.5), json!("10"), json!(1e300)] {
            let error = limit(json!({ "limit": wrong })).expect_err("out of range");
            assert_eq!(error.to_string(), "`limit` is not an integer from 1 to 1000");
        }
        let share = |given| with(given, |arguments| arguments.share("similarity", 0.6));
        assert_eq!(share(json!({})), Ok(0.6));
        assert_eq!(share(json!({ "similarity": 1 })), Ok(1.0));
        assert_eq!(share(json!({ "similarity": 1.1 })), Err(ArgumentError::NotShare { name: "similarity" }));
        let flag = |given| with(given, |arguments| arguments.flag("return_positions"));
        assert_eq!(flag(json!({ "return_positions": false })), Ok(Some(false)));
        assert_eq!(flag(json!({})), Ok(None));
        assert_eq!(
            flag(json!({ "return_positions": "no" })),
            Err(ArgumentError::NotFlag { name: "return_positions" })
        );
    }
}
