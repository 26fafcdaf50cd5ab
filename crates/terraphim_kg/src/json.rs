//! A thesaurus from and to JSON: `{"name", "data": {"<term>": {"id", "nterm", "url"?}}}`.

use std::{borrow::Cow, collections::BTreeMap, fmt};

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, DeserializeSeed, IgnoredAny, MapAccess, Visitor},
};

use crate::{
    builder::Builder,
    thesaurus::{Thesaurus, ThesaurusError},
};

#[derive(Serialize)]
struct Document<'t> {
    name: &'t str,
    data: BTreeMap<&'t str, Entry<'t>>,
}

#[derive(Serialize, Deserialize)]
struct Entry<'t> {
    id: u64,
    #[serde(borrow)]
    nterm: Cow<'t, str>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    url: Option<Cow<'t, str>>,
}

impl Thesaurus {
    /// Reads a thesaurus. Concepts are told apart by `nterm`; the first `id` and
    /// the first `url` of each stand. A concept's name becomes a term for it
    /// unless `data` gives that term to another.
    ///
    /// # Errors
    /// [`ThesaurusError::Json`], [`ThesaurusError::TooManyTerms`]. A term that
    /// cannot be used is no error: see [`Thesaurus::rejected`].
    pub fn from_json(text: &str) -> Result<Self, ThesaurusError> {
        let mut reader = Reader::default();
        let mut json = serde_json::Deserializer::from_str(text);
        json.deserialize_map(&mut reader)
            .and_then(|()| json.end())
            .map_err(|source| ThesaurusError::Json { source })?;
        let Reader { name, mut builder, too_many, .. } = reader;
        if too_many {
            return Err(ThesaurusError::TooManyTerms);
        }
        for concept in builder.indices() {
            builder.add_own_name(concept)?;
        }
        builder.finish(&name.unwrap_or_default())
    }

    /// The thesaurus in the form that [`Thesaurus::from_json`] reads.
    ///
    /// # Errors
    /// [`ThesaurusError::Json`] if it cannot be written.
    pub fn to_json(&self) -> Result<String, ThesaurusError> {
        let entries = self.terms().filter_map(|term| {
            let concept = self.concept(term.concept)?;
            let url = concept.url.as_deref().map(Cow::Borrowed);
            let entry = Entry { id: concept.id, nterm: Cow::Borrowed(&concept.name), url };
            Some((term.written.as_str(), entry))
        });
        let document = Document { name: self.name(), data: entries.collect() };
        serde_json::to_string(&document).map_err(|source| ThesaurusError::Json { source })
    }
}

/// Takes the document entry by entry, so that it never stands in memory twice.
#[derive(Default)]
struct Reader {
    name: Option<String>,
    has_data: bool,
    builder: Builder,
    too_many: bool,
}

impl<'de> Visitor<'de> for &mut Reader {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with `name` and `data`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            match key.as_ref() {
                "name" if self.name.is_some() => return Err(de::Error::duplicate_field("name")),
                "name" => self.name = Some(map.next_value()?),
                "data" if self.has_data => return Err(de::Error::duplicate_field("data")),
                "data" => {
                    self.has_data = true;
                    map.next_value_seed(Data(self))?;
                }
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        if self.name.is_none() {
            return Err(de::Error::missing_field("name"));
        }
        if self.has_data { Ok(()) } else { Err(de::Error::missing_field("data")) }
    }
}

struct Data<'r>(&'r mut Reader);

impl<'de> DeserializeSeed<'de> for Data<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Data<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of terms")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Reader { builder, too_many, .. } = self.0;
        while let Some((term, entry)) = map.next_entry::<Cow<'de, str>, Entry<'de>>()? {
            let concept = builder.declare(&entry.nterm, Some(entry.id), entry.url.as_deref());
            if let Some(concept) = concept.filter(|_| !*too_many) {
                *too_many = builder.add_term(&term, concept).is_err();
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = r#"{"name": "Engineer", "data": {
        "async rust": {"id": 7, "nterm": "rust-async", "url": "https://example.org/a"},
        "rust async patterns": {"id": 7, "nterm": "rust-async"},
        "graph": {"id": 2, "nterm": "knowledge graph", "extra": true}}}"#;

    #[test]
    fn the_format_is_read() {
        let thesaurus = Thesaurus::from_json(SAMPLE).expect("well formed");
        assert_eq!(thesaurus.name(), "Engineer");
        let index = thesaurus.lookup("Rust Async").expect("the name with blanks is a term");
        let concept = thesaurus.concept(index).expect("a concept");
        assert_eq!((concept.id, concept.name.as_str()), (7, "rust-async"));
        assert_eq!(concept.url.as_deref(), Some("https://example.org/a"));
        assert_eq!(thesaurus.terms().len(), 6);
        assert_eq!(thesaurus.rejected_count(), 0);
    }

    #[test]
    fn what_is_written_is_read_again() {
        let thesaurus = Thesaurus::from_json(SAMPLE).expect("well formed");
        let written = thesaurus.to_json().expect("serializable");
        let again = Thesaurus::from_json(&written).expect("its own form");
        assert_eq!(again.to_json().expect("serializable"), written);
        assert!(again.terms().map(|term| &term.written).eq(thesaurus.terms().map(|term| &term.written)));
    }

    #[test]
    fn other_shapes_are_refused() {
        for text in
            ["", "[]", r#"{"name": "x"}"#, r#"{"name": "x", "data": {"a": {"id": -1, "nterm": "b"}}}"#]
        {
            let error = Thesaurus::from_json(text).expect_err("not a thesaurus");
            assert!(matches!(error, ThesaurusError::Json { .. }), "{text}");
        }
    }
}
