//! Concepts and the terms that stand for them.

use std::collections::{BTreeMap, HashMap};

use crate::fold::fold;

/// Longest term or concept name that is kept, in bytes.
pub const MAX_TERM_BYTES: usize = 1_024;

/// Most terms that one thesaurus holds.
pub const MAX_TERMS: usize = 2_000_000;

/// How many rejected terms are kept for the report; further ones are only counted.
const MAX_REPORTED: usize = 100;

/// Why no thesaurus could be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ThesaurusError {
    /// The text is not JSON of the expected shape.
    #[error("the thesaurus is not of the form {{\"name\", \"data\": {{\"<term>\": {{\"id\", \"nterm\"}}}}}}")]
    Json {
        /// Where and what.
        #[source]
        source: serde_json::Error,
    },
    /// It holds more than [`MAX_TERMS`] terms.
    #[error("the thesaurus has more than {MAX_TERMS} terms: split it")]
    TooManyTerms,
}

/// Names a concept within its thesaurus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConceptIndex(u32);

/// What terms stand for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Concept {
    /// Its number in the thesaurus' own source; counted from 1 where that gives none.
    pub id: u64,
    /// Its normal name.
    pub name: String,
    /// Where it is explained.
    pub url: Option<String>,
}

/// A written term.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// As it was first written.
    pub written: String,
    /// What it stands for.
    pub concept: ConceptIndex,
}

/// A term that was left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// The term, at most 80 characters of it.
    pub term: String,
    /// The concept that it was given for, cut likewise.
    pub concept: String,
    /// Why it was left out.
    pub reason: RejectionReason,
}

/// Why a term was left out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RejectionReason {
    /// It has no letter and no digit, so it would match punctuation.
    #[error("it has no letter or digit")]
    NoLetter,
    /// It is longer than [`MAX_TERM_BYTES`].
    #[error("it is longer than {MAX_TERM_BYTES} bytes")]
    TooLong,
    /// It already stands for another concept.
    #[error("it already stands for `{concept}`")]
    Taken {
        /// The concept that keeps it.
        concept: String,
    },
}

/// Which terms stand for which concepts. A concept's name is a term for it, as
/// written and with `-` and `_` read as blanks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Thesaurus {
    name: String,
    concepts: Vec<Concept>,
    by_name: HashMap<String, ConceptIndex>,
    /// By folded term.
    terms: BTreeMap<String, Term>,
    rejected: Vec<Rejected>,
    rejected_count: usize,
}

impl Thesaurus {
    /// A thesaurus without terms.
    pub(crate) fn empty(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its concepts, in the order in which the source named them.
    pub fn concepts(&self) -> &[Concept] {
        &self.concepts
    }

    /// One concept; none if the index is of another thesaurus.
    pub fn concept(&self, index: ConceptIndex) -> Option<&Concept> {
        self.concepts.get(usize::try_from(index.0).ok()?)
    }

    /// The concept that a text stands for as a whole, whatever its case.
    pub fn lookup(&self, term: &str) -> Option<ConceptIndex> {
        self.terms.get(&fold(term.trim())).map(|term| term.concept)
    }

    /// All terms, sorted by their folded form.
    pub fn terms(&self) -> impl ExactSizeIterator<Item = &Term> {
        self.terms.values()
    }

    /// The folded forms of the terms, in the order of [`Thesaurus::terms`].
    pub(crate) fn folded_terms(&self) -> impl Iterator<Item = (&str, &Term)> {
        self.terms.iter().map(|(folded, term)| (folded.as_str(), term))
    }

    /// The terms that were left out, at most 100 of them.
    pub fn rejected(&self) -> &[Rejected] {
        &self.rejected
    }

    /// How many terms were left out.
    pub fn rejected_count(&self) -> usize {
        self.rejected_count
    }

    /// Finds or makes the concept of this name; none if the name cannot be a term.
    pub(crate) fn declare(&mut self, name: &str, id: Option<u64>, url: Option<&str>) -> Option<ConceptIndex> {
        let name = name.trim();
        if let Err(reason) = usable(name) {
            self.reject(name, name, reason);
            return None;
        }
        let folded = fold(name);
        if let Some(known) = self.by_name.get(&folded).copied() {
            self.add_url(known, url);
            return Some(known);
        }
        let next = u32::try_from(self.concepts.len()).ok()?;
        let id = id.unwrap_or_else(|| u64::from(next) + 1);
        self.concepts.push(Concept { id, name: name.to_owned(), url: url.map(str::to_owned) });
        self.by_name.insert(folded, ConceptIndex(next));
        Some(ConceptIndex(next))
    }

    fn add_url(&mut self, index: ConceptIndex, url: Option<&str>) {
        let at = usize::try_from(index.0).unwrap_or(usize::MAX);
        if let (Some(concept), Some(url)) = (self.concepts.get_mut(at), url) {
            concept.url.get_or_insert_with(|| url.to_owned());
        }
    }

    /// Adds a term; one that is taken by another concept is left out.
    pub(crate) fn add_term(&mut self, written: &str, concept: ConceptIndex) -> Result<(), ThesaurusError> {
        let written = written.trim();
        if let Err(reason) = usable(written) {
            let name = self.name_of(concept);
            self.reject(written, &name, reason);
            return Ok(());
        }
        let folded = fold(written);
        if let Some(taken) = self.terms.get(&folded) {
            if taken.concept != concept {
                let (kept, given) = (self.name_of(taken.concept), self.name_of(concept));
                self.reject(written, &given, RejectionReason::Taken { concept: cut(&kept) });
            }
            return Ok(());
        }
        if self.terms.len() >= MAX_TERMS {
            return Err(ThesaurusError::TooManyTerms);
        }
        self.terms.insert(folded, Term { written: written.to_owned(), concept });
        Ok(())
    }

    /// Adds the concept's own name, and its name with blanks, as terms.
    pub(crate) fn add_own_name(&mut self, concept: ConceptIndex) -> Result<(), ThesaurusError> {
        let name = self.name_of(concept);
        self.add_term(&name, concept)?;
        let spaced = name.replace(['-', '_'], " ");
        if spaced == name { Ok(()) } else { self.add_term(&spaced, concept) }
    }

    /// Every concept's index, in order.
    pub(crate) fn indices(&self) -> impl Iterator<Item = ConceptIndex> + use<> {
        (0..u32::try_from(self.concepts.len()).unwrap_or(u32::MAX)).map(ConceptIndex)
    }

    fn name_of(&self, concept: ConceptIndex) -> String {
        self.concept(concept).map(|concept| concept.name.clone()).unwrap_or_default()
    }

    fn reject(&mut self, term: &str, concept: &str, reason: RejectionReason) {
        self.rejected_count += 1;
        if self.rejected.len() < MAX_REPORTED {
            self.rejected.push(Rejected { term: cut(term), concept: cut(concept), reason });
        }
    }
}

fn usable(term: &str) -> Result<(), RejectionReason> {
    if term.len() > MAX_TERM_BYTES {
        return Err(RejectionReason::TooLong);
    }
    if !term.chars().any(char::is_alphanumeric) {
        return Err(RejectionReason::NoLetter);
    }
    Ok(())
}

fn cut(text: &str) -> String {
    text.chars().take(80).collect()
}
