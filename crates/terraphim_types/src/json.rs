//! JSON that is passed on as the text that it came as.

use std::fmt;

use serde::{
    Deserialize, Deserializer as _, Serialize,
    de::{IgnoredAny, MapAccess, Visitor},
};
use serde_json::{
    Value,
    value::{RawValue, to_raw_value},
};

/// A well-formed JSON text that nobody has built a value of: what a server
/// replies is mostly only passed on, and values take ten times the memory.
///
/// Well-formed says nothing of depth: see [`JsonText::is_deeper_than`].
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JsonText(Box<RawValue>);

impl JsonText {
    /// The text of anything that has one.
    ///
    /// # Errors
    /// Those of the serialisation.
    pub fn of(value: &impl Serialize) -> Result<Self, serde_json::Error> {
        to_raw_value(value).map(Self)
    }

    /// Reads a text.
    ///
    /// # Errors
    /// Where the text is not JSON.
    pub fn parse(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text).map(Self)
    }

    /// The text.
    pub fn get(&self) -> &str {
        self.0.get()
    }

    /// The text, without a copy.
    pub fn into_string(self) -> String {
        Box::<str>::from(self.0).into_string()
    }

    /// Builds the value.
    ///
    /// # Errors
    /// For a text that is nested more than 128 levels deep, or holds half a character.
    pub fn to_value(&self) -> Result<Value, serde_json::Error> {
        serde_json::from_str(self.get())
    }

    /// Whether it is an object.
    pub fn is_object(&self) -> bool {
        self.get().starts_with('{')
    }

    /// One member of an object, the last of that name; `None` where there is none.
    pub fn member(&self, name: &str) -> Option<Self> {
        struct Members<'n>(&'n str);

        impl<'de> Visitor<'de> for Members<'_> {
            type Value = Option<Box<RawValue>>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                let mut found = None;
                while let Some(key) = map.next_key::<String>()? {
                    if key == self.0 {
                        found = Some(map.next_value()?);
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(found)
            }
        }

        let mut reader = serde_json::Deserializer::from_str(self.get());
        reader.deserialize_map(Members(name)).ok().flatten().map(Self)
    }

    /// Whether lists and objects stand in each other at more than so many levels.
    pub fn is_deeper_than(&self, levels: usize) -> bool {
        let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
        for byte in self.get().bytes() {
            if in_text {
                in_text = escaped || byte != b'"';
                escaped = !escaped && byte == b'\\';
                continue;
            }
            match byte {
                b'"' => in_text = true,
                b'[' | b'{' => depth += 1,
                b']' | b'}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth > levels {
                return true;
            }
        }
        false
    }
}

impl From<Value> for JsonText {
    fn from(value: Value) -> Self {
        // A value always has a text.
        Self(to_raw_value(&value).unwrap_or_else(|_| RawValue::NULL.to_owned()))
    }
}

impl PartialEq for JsonText {
    /// Whether both are the same value, however they are written.
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get() || matches!((self.to_value(), other.to_value()), (Ok(a), Ok(b)) if a == b)
    }
}

impl fmt::Debug for JsonText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.get())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn text(text: &str) -> JsonText {
        JsonText::parse(text).expect("JSON")
    }

    #[test]
    fn a_member_is_found_by_its_name_as_it_is_written() {
        let object = text(r#"{"a":{"b":1},"b":[ 2.50 ],"\u0062":3,"c":null}"#);
        assert_eq!(object.member("a").expect("a").get(), r#"{"b":1}"#);
        assert_eq!(object.member("b").expect("b").get(), "3");
        assert_eq!(object.member("c").expect("c").get(), "null");
        assert!(object.member("d").is_none());
        assert!(text("[1]").member("a").is_none());
    }

    #[test]
    fn depth_is_that_of_lists_and_objects_outside_of_texts() {
        for (json, depth) in [("1", 0), (r#""[[\"[""#, 0), (r#"{"a\\":[[],[{}]]}"#, 4), (r#"["\\",[]]"#, 2)] {
            assert!(!text(json).is_deeper_than(depth), "{json}");
            assert!(depth == 0 || text(json).is_deeper_than(depth - 1), "{json}");
        }
        let deep = "[".repeat(100_000) + &"]".repeat(100_000);
        assert!(text(&deep).is_deeper_than(99_999));
        assert!(text(&deep).to_value().is_err());
    }

    #[test]
    fn values_and_texts_are_the_same() {
        let value = json!({ "a": [1, "x"] });
        assert_eq!(JsonText::from(value.clone()), text(r#"{ "a" : [1, "\u0078"] }"#));
        assert_eq!(JsonText::from(value.clone()).to_value().expect("a value"), value);
        assert_eq!(
            serde_json::from_value::<JsonText>(value.clone()).expect("a text").into_string(),
            value.to_string()
        );
    }
}
