//! Completion of terms, by prefix and in spite of typing errors.
//!
//! The terms stand in a finite-state transducer by their folded form. Each
//! carries its rank, the heaviest term having rank 0, and a transducer moves
//! the least rank below a node towards the root: so the best terms of a prefix
//! are found by going where the ranks are least, whatever the number of terms
//! that have the prefix.

mod format;
mod nearest;
mod scan;
mod similar;
mod walk;

use fst::{Map, MapBuilder, raw::CompiledAddr};

pub use format::{FORMAT_VERSION, IndexFormatError, MAX_INDEX_BYTES};
pub use nearest::MAX_EDIT_DISTANCE;
pub use similar::jaro_winkler;

use scan::{Outline, Outlines};

use crate::{
    fold::fold,
    strings::{Strings, place},
    thesaurus::{Term, Thesaurus},
};

/// Longest query that is looked up in spite of errors, in characters of its folded form.
pub const MAX_QUERY_CHARS: usize = 128;

/// Most suggestions that one question gives.
pub const MAX_SUGGESTIONS: usize = 1_000;

/// Why no index could be made, or a question was refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AutocompleteError {
    /// The transducer could not be made.
    #[error("the terms cannot be compiled into one index: split the thesaurus")]
    TooLarge {
        /// What the transducer's builder said, if it was that.
        #[source]
        source: Option<fst::Error>,
    },
    /// The query is longer than [`MAX_QUERY_CHARS`].
    #[error("the query has {chars} characters: ask for at most {MAX_QUERY_CHARS}")]
    QueryTooLong {
        /// How many it has.
        chars: usize,
    },
}

/// A term that completes or corrects what was typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Suggestion<'i> {
    /// The term as it is written.
    pub term: &'i str,
    /// The name of the concept that it stands for.
    pub concept: &'i str,
    /// The concept's number in the thesaurus' own source.
    pub id: u64,
    /// Where the concept is explained.
    pub url: Option<&'i str>,
    /// The term's weight, as given when the index was made.
    pub weight: u64,
}

/// A term with how near it is to what was typed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Near<'i> {
    /// The term.
    pub suggestion: Suggestion<'i>,
    /// Letters left out, added, replaced, or swapped with their neighbour (optimal
    /// string alignment), between the folded forms.
    pub distance: usize,
    /// Jaro-Winkler similarity of the folded forms, from 0 to 1.
    pub similarity: f64,
}

/// A compiled index of terms. It stands alone: it needs neither the thesaurus
/// nor the weights that it was made from.
#[derive(Debug)]
pub struct AutocompleteIndex {
    name: String,
    /// Folded form to rank.
    ranks: Map<Vec<u8>>,
    terms: Terms,
    concepts: Concepts,
}

/// What is known of each term, by rank.
#[derive(Debug, Default)]
struct Terms {
    written: Strings,
    folded: Strings,
    concepts: Vec<u32>,
    weights: Vec<u64>,
    /// Logarithm of the weight and one.
    priors: Vec<f32>,
    /// What is compared before the terms themselves are.
    outlines: Outlines,
}

/// The concepts, in the order of the thesaurus.
#[derive(Debug, Default)]
struct Concepts {
    ids: Vec<u64>,
    names: Strings,
    /// Empty for none.
    urls: Strings,
}

impl AutocompleteIndex {
    /// Compiles the terms of a thesaurus. `weight` is asked for each term once;
    /// the order of suggestions follows it: a frequency, a count of uses, or both.
    ///
    /// # Errors
    /// [`AutocompleteError::TooLarge`].
    pub fn new(
        thesaurus: &Thesaurus,
        mut weight: impl FnMut(&Term) -> u64,
    ) -> Result<Self, AutocompleteError> {
        let mut concepts = Concepts::default();
        for concept in thesaurus.concepts() {
            concepts.push(concept.id, &concept.name, concept.url.as_deref().unwrap_or_default())?;
        }
        let mut entries: Vec<_> = thesaurus
            .folded_terms()
            .map(|(folded, term)| Entry {
                folded,
                written: &term.written,
                concept: term.concept.0,
                weight: weight(term),
            })
            .collect();
        Self::compile(thesaurus.name(), concepts, &mut entries)
    }

    /// Compiles entries that are sorted by their folded form, each form once.
    fn compile(
        name: &str,
        mut concepts: Concepts,
        entries: &mut [Entry<'_>],
    ) -> Result<Self, AutocompleteError> {
        let mut by_rank: Vec<u32> = (0..u32::try_from(entries.len()).map_err(|_| too_large())?).collect();
        let weight_of = |index: &u32| entries.get(place(*index)).map_or(0, |entry| entry.weight);
        by_rank.sort_by_key(|index| std::cmp::Reverse(weight_of(index)));
        let mut ranks = vec![0_u64; entries.len()];
        let mut terms = Terms::default();
        for (rank, index) in (0_u64..).zip(&by_rank) {
            let Some(entry) = entries.get(place(*index)) else { continue };
            terms.push(entry)?;
            if let Some(slot) = ranks.get_mut(place(*index)) {
                *slot = rank;
            }
        }
        terms.shrink();
        concepts.shrink();
        let transducer = |source| AutocompleteError::TooLarge { source: Some(source) };
        let mut builder = MapBuilder::memory();
        for (entry, rank) in entries.iter().zip(ranks) {
            builder.insert(entry.folded, rank).map_err(transducer)?;
        }
        let mut bytes = builder.into_inner().map_err(transducer)?;
        bytes.shrink_to_fit();
        let ranks = Map::new(bytes).map_err(transducer)?;
        Ok(Self { name: name.to_owned(), ranks, terms, concepts })
    }

    /// The name of the thesaurus that it was made from.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many terms it has.
    pub fn len(&self) -> usize {
        self.terms.weights.len()
    }

    /// Whether it has no term.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The size of the transducer and the tables, in bytes.
    pub fn bytes(&self) -> usize {
        let (terms, concepts) = (&self.terms, &self.concepts);
        let strings = [&terms.written, &terms.folded, &concepts.names, &concepts.urls];
        self.ranks.as_fst().size()
            + strings.into_iter().map(Strings::bytes).sum::<usize>()
            + terms.concepts.capacity() * size_of::<u32>()
            + (terms.weights.capacity() + concepts.ids.capacity()) * size_of::<u64>()
            + terms.priors.capacity() * size_of::<f32>()
            + terms.outlines.bytes()
    }

    /// The heaviest terms that begin with a text, whatever its case; terms of
    /// equal weight in the order of their folded form. At most `limit` of them
    /// and at most [`MAX_SUGGESTIONS`].
    pub fn complete(&self, prefix: &str, limit: usize) -> Vec<Suggestion<'_>> {
        let limit = limit.min(MAX_SUGGESTIONS);
        let fst = self.ranks.as_fst();
        let mut node = fst.root();
        let mut rank = 0;
        for byte in fold(prefix.trim_start()).bytes() {
            let Some(index) = node.find_input(byte) else { return Vec::new() };
            let step = node.transition(index);
            rank += step.out.value();
            node = fst.node(step.addr);
        }
        let mut best = Best { limit, open: Vec::with_capacity(limit.saturating_add(1)) };
        best.offer(rank, Some(node.addr()));
        while let Some((rank, address)) = best.take_unfinished() {
            let node = fst.node(address);
            if node.is_final() {
                best.offer(rank + node.final_output().value(), None);
            }
            for step in node.transitions() {
                best.offer(rank + step.out.value(), Some(step.addr));
            }
        }
        best.open.into_iter().filter_map(|(rank, _)| self.suggestion(rank)).collect()
    }

    fn suggestion(&self, rank: u64) -> Option<Suggestion<'_>> {
        let rank = usize::try_from(rank).ok()?;
        let concept = place(*self.terms.concepts.get(rank)?);
        Some(Suggestion {
            term: self.terms.written.get(rank)?,
            concept: self.concepts.names.get(concept)?,
            id: *self.concepts.ids.get(concept)?,
            url: self.concepts.urls.get(concept).filter(|url| !url.is_empty()),
            weight: *self.terms.weights.get(rank)?,
        })
    }
}

/// The least ranks known so far. Each open node stands for the one term that
/// has the node's rank, so no more than the limit need be kept.
struct Best {
    limit: usize,
    /// Sorted by rank; an address for a node that is still to be opened.
    open: Vec<(u64, Option<CompiledAddr>)>,
}

impl Best {
    fn offer(&mut self, rank: u64, node: Option<CompiledAddr>) {
        let at = self.open.partition_point(|(known, _)| *known < rank);
        if at < self.limit {
            self.open.truncate(self.limit - 1);
            self.open.insert(at, (rank, node));
        }
    }

    fn take_unfinished(&mut self) -> Option<(u64, CompiledAddr)> {
        let at = self.open.iter().position(|(_, node)| node.is_some())?;
        let (rank, node) = self.open.remove(at);
        node.map(|node| (rank, node))
    }
}

/// A term on its way into the index.
struct Entry<'e> {
    folded: &'e str,
    written: &'e str,
    concept: u32,
    weight: u64,
}

impl Terms {
    fn push(&mut self, entry: &Entry<'_>) -> Result<(), AutocompleteError> {
        if !self.written.push(entry.written) || !self.folded.push(entry.folded) {
            return Err(too_large());
        }
        self.concepts.push(entry.concept);
        self.weights.push(entry.weight);
        self.priors.push(prior(entry.weight));
        self.outlines.push(Outline::of(entry.folded.chars()));
        Ok(())
    }

    fn prior(&self, rank: u64) -> f32 {
        usize::try_from(rank).ok().and_then(|rank| self.priors.get(rank)).copied().unwrap_or_default()
    }

    fn shrink(&mut self) {
        self.written.shrink();
        self.folded.shrink();
        self.concepts.shrink_to_fit();
        self.weights.shrink_to_fit();
        self.priors.shrink_to_fit();
        self.outlines.shrink();
    }
}

impl Concepts {
    fn push(&mut self, id: u64, name: &str, url: &str) -> Result<(), AutocompleteError> {
        if !self.names.push(name) || !self.urls.push(url) {
            return Err(too_large());
        }
        self.ids.push(id);
        Ok(())
    }

    fn shrink(&mut self) {
        self.ids.shrink_to_fit();
        self.names.shrink();
        self.urls.shrink();
    }
}

fn too_large() -> AutocompleteError {
    AutocompleteError::TooLarge { source: None }
}

/// The logarithm of a weight and one.
#[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "a rank needs no more")]
fn prior(weight: u64) -> f32 {
    (weight as f64).ln_1p() as f32
}

/// A query's folded form.
fn folded_query(query: &str) -> Result<Vec<char>, AutocompleteError> {
    // Folding makes at most a few characters of one, so what is far too long need not be folded.
    let chars = query.chars().count();
    if chars > MAX_QUERY_CHARS * 4 {
        return Err(AutocompleteError::QueryTooLong { chars });
    }
    let folded: Vec<char> = fold(query.trim()).chars().collect();
    if folded.len() > MAX_QUERY_CHARS {
        return Err(AutocompleteError::QueryTooLong { chars: folded.len() });
    }
    Ok(folded)
}
