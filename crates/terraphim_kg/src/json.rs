//! A thesaurus from and to JSON: `{"name", "data": {"<term>": {"id", "nterm", "url"?}}}`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::thesaurus::{Thesaurus, ThesaurusError};

#[derive(Serialize, Deserialize)]
struct Document {
    name: String,
    data: BTreeMap<String, Entry>,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    id: u64,
    nterm: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    url: Option<String>,
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
        let document: Document =
            serde_json::from_str(text).map_err(|source| ThesaurusError::Json { source })?;
        let mut thesaurus = Self::empty(&document.name);
        for (term, entry) in &document.data {
            if let Some(concept) = thesaurus.declare(&entry.nterm, Some(entry.id), entry.url.as_deref()) {
                thesaurus.add_term(term, concept)?;
            }
        }
        for concept in thesaurus.indices() {
            thesaurus.add_own_name(concept)?;
        }
        Ok(thesaurus)
    }

    /// The thesaurus in the form that [`Thesaurus::from_json`] reads.
    ///
    /// # Errors
    /// [`ThesaurusError::Json`] if it cannot be written.
    pub fn to_json(&self) -> Result<String, ThesaurusError> {
        let entries = self.terms().filter_map(|term| {
            let concept = self.concept(term.concept)?;
            let entry = Entry { id: concept.id, nterm: concept.name.clone(), url: concept.url.clone() };
            Some((term.written.clone(), entry))
        });
        let document = Document { name: self.name().to_owned(), data: entries.collect() };
        serde_json::to_string(&document).map_err(|source| ThesaurusError::Json { source })
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
