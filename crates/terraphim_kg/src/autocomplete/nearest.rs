//! Terms within an edit distance of a query, the likeliest first.
//!
//! Of the terms within the distance those are wanted for which weight times
//! probability of the errors is greatest, the noisy-channel model of Kernighan,
//! Church and Gale (A Spelling Correction Program Based on a Noisy Channel
//! Model, 1990). Leaving a letter out is one error of a few, typing a wrong one
//! is one of dozens, so it costs more.
//!
//! Small distances are found by walking the transducer with the query's
//! Levenshtein automaton. Where that would open a large part of the nodes, which
//! it does for greater distances and for queries that resemble little, all terms
//! are looked at by their outlines instead. Both ways find the same.

use std::{cmp::Ordering, collections::HashSet};

use super::{
    AutocompleteError, AutocompleteIndex, MAX_SUGGESTIONS, Near, folded_query, scan, similar,
    walk::{MAX_WALKED, Walk},
};

/// Greatest edit distance that can be asked for.
pub const MAX_EDIT_DISTANCE: usize = 4;

/// How many nodes a walk may open, for a number of terms: beyond it looking at all terms is quicker.
const MIN_OPENED: usize = 512;
const TERMS_PER_NODE: usize = 256;

/// What an error costs, in natural logarithms of weight.
pub(super) mod cost {
    /// A letter of the term was not typed.
    pub(in crate::autocomplete) const LEFT_OUT: f32 = 3.0;
    /// A letter was typed that the term does not have.
    pub(in crate::autocomplete) const ADDED: f32 = 9.0;
    /// Another letter was typed.
    pub(in crate::autocomplete) const REPLACED: f32 = 9.0;
    /// Two neighbours were typed in the other order.
    pub(in crate::autocomplete) const SWAPPED: f32 = 7.0;
}

impl AutocompleteIndex {
    /// The terms at most `max_distance` edits from a query, at most
    /// [`MAX_EDIT_DISTANCE`], the likeliest first; one that equals the query
    /// stands before all. At most `limit` and at most [`MAX_SUGGESTIONS`].
    ///
    /// # Errors
    /// [`AutocompleteError::QueryTooLong`].
    pub fn nearest(
        &self,
        query: &str,
        max_distance: usize,
        limit: usize,
    ) -> Result<Vec<Near<'_>>, AutocompleteError> {
        let query = folded_query(query)?;
        let distance = max_distance.min(MAX_EDIT_DISTANCE);
        let mut ranking = Ranking::new(limit.min(MAX_SUGGESTIONS));
        let most_opened = MIN_OPENED.max(self.len() / TERMS_PER_NODE);
        // What is one edit away comes at little cost and tells which others are worth a look.
        let walked = if distance > MAX_WALKED { 1 } else { distance };
        let all_seen = Walk::new(self, &query, walked, &mut ranking).run(most_opened);
        if !all_seen || walked < distance {
            scan::nearest(&self.terms, &query, distance, &mut ranking);
        }
        let mut measure = similar::Measure::new(&query);
        let near = |found: &Found| {
            let similarity = measure.to(self.terms.folded.get(usize::try_from(found.rank).ok()?)?);
            Some(Near { suggestion: self.suggestion(found.rank)?, distance: found.edits, similarity })
        };
        Ok(ranking.found.iter().filter_map(near).collect())
    }
}

impl AutocompleteIndex {
    /// The terms that a misspelt query may mean, all of at least this Jaro-Winkler
    /// `similarity` (0 to 1), or so few edits away as it allows (none for 1, one
    /// for 0.8, two for 0.6): first those within [`MAX_EDIT_DISTANCE`] edits, the
    /// likeliest first, then those that only look alike, the most similar first.
    /// At most `limit` and at most [`MAX_SUGGESTIONS`].
    ///
    /// # Errors
    /// [`AutocompleteError::QueryTooLong`].
    pub fn correct(
        &self,
        query: &str,
        similarity: f64,
        limit: usize,
    ) -> Result<Vec<Near<'_>>, AutocompleteError> {
        let limit = limit.min(MAX_SUGGESTIONS);
        let mut found = self.nearest(query, MAX_EDIT_DISTANCE, limit)?;
        // A short word with an error or two is far from the word that was meant by that measure.
        let near_enough = |near: &Near<'_>| allowed_edits(similarity) >= near.distance;
        found.retain(|near| near.similarity >= similarity || near_enough(near));
        if found.len() == limit {
            return Ok(found);
        }
        let known: HashSet<&str> = found.iter().map(|near| near.suggestion.term).collect();
        let alike = self.similar(query, similarity, limit)?;
        let alike: Vec<_> = alike.into_iter().filter(|near| !known.contains(near.suggestion.term)).collect();
        found.extend(alike);
        found.truncate(limit);
        Ok(found)
    }
}

/// So many edits are never too many for a similarity that is asked for.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 5")]
fn allowed_edits(similarity: f64) -> usize {
    ((1.0 - similarity.clamp(0.0, 1.0)) * 5.0 + 1e-9) as usize
}

/// A term near enough.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found {
    score: f32,
    rank: u64,
    edits: usize,
}

impl Found {
    pub(super) fn new(rank: u64, edits: usize, score: f32) -> Self {
        Self { score: if edits == 0 { f32::INFINITY } else { score }, rank, edits }
    }
}

/// The likeliest terms so far.
#[derive(Debug)]
pub(super) struct Ranking {
    limit: usize,
    /// The likeliest first.
    found: Vec<Found>,
}

impl Ranking {
    fn new(limit: usize) -> Self {
        Self { limit, found: Vec::new() }
    }

    /// Whether a term of this score would be among the wanted.
    pub(super) fn wants(&self, score: f32) -> bool {
        score > self.least()
    }

    /// The score that a term must pass.
    pub(super) fn least(&self) -> f32 {
        match self.limit.checked_sub(1) {
            Some(last) => self.found.get(last).map_or(f32::NEG_INFINITY, |found| found.score),
            None => f32::INFINITY,
        }
    }

    /// Takes a term if it is among the likeliest and not there yet.
    pub(super) fn offer(&mut self, found: Found) {
        let order =
            |known: &Found| known.score.total_cmp(&found.score).reverse().then(known.rank.cmp(&found.rank));
        let at = self.found.partition_point(|known| order(known) == Ordering::Less);
        let known = self.found.iter().any(|known| known.rank == found.rank);
        if at < self.limit && !known {
            self.found.truncate(self.limit - 1);
            self.found.insert(at, found);
        }
    }
}
