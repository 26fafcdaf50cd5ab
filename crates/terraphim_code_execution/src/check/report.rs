//! What a checker answers, as far as it is read: of a greeting who it is, of a report a bounded number of
//! bounded diagnostics. The rest is passed over without being kept.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};

/// Most diagnostics that are read.
const MOST_DIAGNOSTICS: usize = 1_000;

/// Longest message that is kept of one, in bytes.
const MESSAGE_BYTES: usize = 4 << 10;

/// What the checker complains about.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Diagnostic {
    pub(super) range: Range,
    #[serde(default)]
    pub(super) severity: u32,
    #[serde(default)]
    pub(super) code: Code,
    #[serde(deserialize_with = "cut")]
    pub(super) message: String,
}

#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) struct Range {
    pub(super) start: Position,
}

/// A place as the protocol counts: both from 0, `character` in UTF-16 units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(super) struct Position {
    pub(super) line: u32,
    pub(super) character: u32,
}

/// The number of a complaint; 0 where it is none of TypeScript's.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Code(pub(super) u64);

/// The report about a program.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Report {
    #[serde(default)]
    pub(super) items: Items,
}

/// The first diagnostics of a list.
#[derive(Debug, Default)]
pub(super) struct Items(pub(super) Vec<Diagnostic>);

/// How a checker introduces itself.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Greeting {
    #[serde(default, rename = "serverInfo")]
    pub(super) about: About,
    #[serde(default)]
    pub(super) capabilities: Capabilities,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct About {
    pub(super) name: String,
    pub(super) version: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Capabilities {
    #[serde(rename = "positionEncoding")]
    pub(super) encoding: String,
    #[serde(rename = "diagnosticProvider")]
    pub(super) diagnostics: Option<IgnoredAny>,
}

fn cut<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let mut text = String::deserialize(from)?;
    text.truncate(text.floor_char_boundary(MESSAGE_BYTES));
    text.shrink_to_fit();
    Ok(text)
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Any;

        impl<'de> Visitor<'de> for Any {
            type Value = Code;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the number of a complaint")
            }

            fn visit_u64<E>(self, number: u64) -> Result<Code, E> {
                Ok(Code(number))
            }

            fn visit_i64<E>(self, _: i64) -> Result<Code, E> {
                Ok(Code(0))
            }

            fn visit_f64<E>(self, _: f64) -> Result<Code, E> {
                Ok(Code(0))
            }

            fn visit_bool<E>(self, _: bool) -> Result<Code, E> {
                Ok(Code(0))
            }

            fn visit_unit<E>(self) -> Result<Code, E> {
                Ok(Code(0))
            }

            fn visit_str<E>(self, _: &str) -> Result<Code, E> {
                Ok(Code(0))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Code, A::Error> {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Code(0))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Code, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Code(0))
            }
        }

        from.deserialize_any(Any)
    }
}

impl<'de> Deserialize<'de> for Items {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_seq(First)
    }
}

/// Reads the first diagnostics of a list and passes over the others.
struct First;

impl<'de> Visitor<'de> for First {
    type Value = Items;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of diagnostics")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Items, A::Error> {
        let mut items = Vec::new();
        while items.len() < MOST_DIAGNOSTICS {
            match list.next_element()? {
                Some(item) => items.push(item),
                None => return Ok(Items(items)),
            }
        }
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Items(items))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn of_a_report_the_beginning_is_kept() {
        let item = |code: Value| {
            json!({
                "range": { "start": { "line": 1, "character": 2 }, "end": {} }, "severity": 1, "code": code,
                "message": "é".repeat(3_000), "relatedInformation": [[[]]],
            })
        };
        let items: Vec<Value> = (0..1_500).map(|code| item(json!(code))).collect();
        let report: Report = serde_json::from_value(json!({ "kind": "full", "items": items })).unwrap();
        assert_eq!(report.items.0.len(), MOST_DIAGNOSTICS);
        assert!(report.items.0.iter().all(|one| one.message.len() <= MESSAGE_BYTES));
        assert_eq!(report.items.0[7].code, Code(7));
        for other in [json!(null), json!("x"), json!(-1), json!(1.5), json!([[{}]]), json!({ "a": [] })] {
            let report: Report = serde_json::from_value(json!({ "items": [item(other)] })).unwrap();
            assert_eq!(report.items.0[0].code, Code(0));
        }
        assert!(serde_json::from_value::<Report>(json!({})).unwrap().items.0.is_empty());
        assert!(serde_json::from_value::<Report>(json!({ "items": [7] })).is_err());
    }
}
