//! Concepts and the terms that stand for them.

use crate::fold::fold;

/// Longest term or concept name that is kept, in bytes.
pub const MAX_TERM_BYTES: usize = 1_024;

/// Most terms that one thesaurus holds.
pub const MAX_TERMS: usize = 2_000_000;

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
pub struct ConceptIndex(pub(crate) u32);

impl ConceptIndex {
    /// Its place among [`Thesaurus::concepts`].
    pub fn place(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

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
    pub(crate) name: String,
    pub(crate) concepts: Vec<Concept>,
    /// Sorted by folded form.
    pub(crate) terms: Vec<Term>,
    /// The folded forms, one after the other, and where each ends.
    pub(crate) folded: String,
    pub(crate) folded_ends: Vec<usize>,
    /// Places of terms, grouped by concept, and where each group ends.
    pub(crate) by_concept: Vec<u32>,
    pub(crate) group_ends: Vec<u32>,
    pub(crate) rejected: Vec<Rejected>,
    pub(crate) rejected_count: usize,
}

impl Thesaurus {
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
        self.concepts.get(index.place())
    }

    /// Every concept's index, in the order of [`Thesaurus::concepts`].
    pub fn indices(&self) -> impl ExactSizeIterator<Item = ConceptIndex> + use<> {
        (0..u32::try_from(self.concepts.len()).unwrap_or(u32::MAX)).map(ConceptIndex)
    }

    /// The concept that a text stands for as a whole, whatever its case.
    pub fn lookup(&self, term: &str) -> Option<ConceptIndex> {
        let wanted = fold(term.trim());
        let (mut low, mut high) = (0, self.terms.len());
        while low < high {
            let middle = low + (high - low) / 2;
            match self.folded_term(middle)?.cmp(wanted.as_str()) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => return self.terms.get(middle).map(|term| term.concept),
            }
        }
        None
    }

    /// All terms, sorted by their folded form.
    pub fn terms(&self) -> impl ExactSizeIterator<Item = &Term> {
        self.terms.iter()
    }

    /// The terms that stand for one concept, sorted by their folded form.
    pub fn terms_of(&self, concept: ConceptIndex) -> impl Iterator<Item = &Term> {
        let end_of = |place: usize| {
            self.group_ends.get(place).map_or(0, |end| usize::try_from(*end).unwrap_or(usize::MAX))
        };
        let start = concept.place().checked_sub(1).map_or(0, end_of);
        let places = self.by_concept.get(start..end_of(concept.place())).unwrap_or_default();
        places.iter().filter_map(|place| self.terms.get(usize::try_from(*place).ok()?))
    }

    /// The folded forms of the terms, in the order of [`Thesaurus::terms`].
    pub(crate) fn folded_terms(&self) -> impl Iterator<Item = (&str, &Term)> {
        self.terms.iter().enumerate().filter_map(|(place, term)| Some((self.folded_term(place)?, term)))
    }

    fn folded_term(&self, place: usize) -> Option<&str> {
        let start = match place.checked_sub(1) {
            Some(previous) => *self.folded_ends.get(previous)?,
            None => 0,
        };
        self.folded.get(start..*self.folded_ends.get(place)?)
    }

    /// The terms that were left out, at most 100 of them.
    pub fn rejected(&self) -> &[Rejected] {
        &self.rejected
    }

    /// How many terms were left out.
    pub fn rejected_count(&self) -> usize {
        self.rejected_count
    }
}
