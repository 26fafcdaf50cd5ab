//! Gathers concepts and terms into a [`Thesaurus`].
//!
//! Terms are appended as they come and settled at the end by one sort, so that
//! a large thesaurus costs no map of strings while it is read.

use std::{collections::HashMap, ops::Range};

use crate::{
    fold::fold,
    thesaurus::{
        Concept, ConceptIndex, MAX_TERM_BYTES, MAX_TERMS, Rejected, RejectionReason, Term, Thesaurus,
        ThesaurusError,
    },
};

/// How many rejected terms are kept for the report; further ones are only counted.
const MAX_REPORTED: usize = 100;

/// A thesaurus in the making. A term that two concepts claim goes to the one
/// for which it was added first.
#[derive(Debug, Default)]
pub(crate) struct Builder {
    concepts: Vec<Concept>,
    by_name: HashMap<String, ConceptIndex>,
    /// Folded and written forms, one after the other.
    texts: String,
    entries: Vec<Entry>,
    /// With the count of calls at which each happened.
    rejected: Vec<(usize, Rejected)>,
    rejected_count: usize,
    calls: usize,
}

#[derive(Debug)]
struct Entry {
    folded: Range<usize>,
    written: Range<usize>,
    call: usize,
    concept: ConceptIndex,
}

impl Builder {
    /// Finds or makes the concept of this name; none if the name cannot be a term.
    pub(crate) fn declare(&mut self, name: &str, id: Option<u64>, url: Option<&str>) -> Option<ConceptIndex> {
        self.calls += 1;
        let name = name.trim();
        if let Err(reason) = usable(name) {
            self.reject(name, name, reason);
            return None;
        }
        let folded = fold(name);
        if let Some(known) = self.by_name.get(&folded).copied() {
            if let (Some(concept), Some(url)) = (self.concepts.get_mut(known.place()), url) {
                concept.url.get_or_insert_with(|| url.to_owned());
            }
            return Some(known);
        }
        let next = u32::try_from(self.concepts.len()).ok()?;
        let id = id.unwrap_or_else(|| u64::from(next) + 1);
        self.concepts.push(Concept { id, name: name.to_owned(), url: url.map(str::to_owned) });
        self.by_name.insert(folded, ConceptIndex(next));
        Some(ConceptIndex(next))
    }

    /// Adds a term; one that is taken by another concept will be left out.
    pub(crate) fn add_term(&mut self, written: &str, concept: ConceptIndex) -> Result<(), ThesaurusError> {
        self.calls += 1;
        let written = written.trim();
        if let Err(reason) = usable(written) {
            let name = name_of(&self.concepts, concept);
            self.reject(written, &name, reason);
            return Ok(());
        }
        // Each concept may add its own name twice, so the sum is settled in `finish`.
        if self.entries.len() >= MAX_TERMS.saturating_mul(4) {
            return Err(ThesaurusError::TooManyTerms);
        }
        let start = self.texts.len();
        self.texts.push_str(&fold(written));
        let middle = self.texts.len();
        self.texts.push_str(written);
        let (folded, written) = (start..middle, middle..self.texts.len());
        self.entries.push(Entry { folded, written, call: self.calls, concept });
        Ok(())
    }

    /// Adds the concept's own name, and its name with blanks, as terms.
    pub(crate) fn add_own_name(&mut self, concept: ConceptIndex) -> Result<(), ThesaurusError> {
        let name = name_of(&self.concepts, concept);
        self.add_term(&name, concept)?;
        let spaced = name.replace(['-', '_'], " ");
        if spaced == name { Ok(()) } else { self.add_term(&spaced, concept) }
    }

    /// Every concept's index, in order.
    pub(crate) fn indices(&self) -> impl Iterator<Item = ConceptIndex> + use<> {
        (0..u32::try_from(self.concepts.len()).unwrap_or(u32::MAX)).map(ConceptIndex)
    }

    /// Settles which concept each term stands for.
    pub(crate) fn finish(mut self, name: &str) -> Result<Thesaurus, ThesaurusError> {
        // What stays is allocated where this was.
        drop(std::mem::take(&mut self.by_name));
        let texts = std::mem::take(&mut self.texts);
        let text = |range: &Range<usize>| texts.get(range.clone()).unwrap_or_default();
        self.entries.sort_unstable_by(|a, b| text(&a.folded).cmp(text(&b.folded)).then(a.call.cmp(&b.call)));
        let mut made = Thesaurus { name: name.to_owned(), ..Thesaurus::default() };
        let mut taken: Vec<(usize, ConceptIndex, Entry)> = Vec::new();
        let mut rejected_count = self.rejected_count;
        let mut previous: Option<&str> = None;
        for entry in self.entries {
            let folded = text(&entry.folded);
            if previous != Some(folded) {
                previous = Some(folded);
                made.folded.push_str(folded);
                made.folded_ends.push(made.folded.len());
                made.terms.push(Term { written: text(&entry.written).to_owned(), concept: entry.concept });
                continue;
            }
            let Some(kept) = made.terms.last().map(|term| term.concept) else { continue };
            if kept != entry.concept {
                rejected_count += 1;
                taken.push((entry.call, kept, entry));
                if taken.len() > MAX_REPORTED * 2 {
                    taken.sort_by_key(|(call, ..)| *call);
                    taken.truncate(MAX_REPORTED);
                }
            }
        }
        if made.terms.len() > MAX_TERMS {
            return Err(ThesaurusError::TooManyTerms);
        }
        let reported = taken.into_iter().map(|(call, kept, entry)| {
            let reason = RejectionReason::Taken { concept: cut(&name_of(&self.concepts, kept)) };
            let concept = cut(&name_of(&self.concepts, entry.concept));
            (call, Rejected { term: cut(text(&entry.written)), concept, reason })
        });
        let mut rejected: Vec<_> = self.rejected.into_iter().chain(reported).collect();
        rejected.sort_by_key(|(call, _)| *call);
        made.rejected = rejected.into_iter().take(MAX_REPORTED).map(|(_, one)| one).collect();
        made.rejected_count = rejected_count;
        made.concepts = self.concepts;
        group(&mut made);
        made.terms.shrink_to_fit();
        made.folded.shrink_to_fit();
        made.folded_ends.shrink_to_fit();
        made.concepts.shrink_to_fit();
        Ok(made)
    }

    fn reject(&mut self, term: &str, concept: &str, reason: RejectionReason) {
        self.rejected_count += 1;
        if self.rejected.len() < MAX_REPORTED {
            let rejected = Rejected { term: cut(term), concept: cut(concept), reason };
            self.rejected.push((self.calls, rejected));
        }
    }
}

/// Groups the terms by concept.
fn group(made: &mut Thesaurus) {
    let concept_of = |place: &u32| {
        usize::try_from(*place).ok().and_then(|place| made.terms.get(place)).map(|term| term.concept)
    };
    let mut places: Vec<u32> = (0..u32::try_from(made.terms.len()).unwrap_or(u32::MAX)).collect();
    places.sort_by_key(concept_of);
    let mut ends = vec![0_u32; made.concepts.len()];
    for term in &made.terms {
        if let Some(count) = ends.get_mut(term.concept.place()) {
            *count += 1;
        }
    }
    let mut sum = 0;
    for count in &mut ends {
        sum += *count;
        *count = sum;
    }
    made.by_concept = places;
    made.group_ends = ends;
}

fn name_of(concepts: &[Concept], index: ConceptIndex) -> String {
    concepts.get(index.place()).map(|concept| concept.name.clone()).unwrap_or_default()
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
