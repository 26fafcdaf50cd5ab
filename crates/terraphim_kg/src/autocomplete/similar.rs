//! Terms that are similar to a query by Jaro and Winkler.
//!
//! Jaro (Advances in Record-Linkage Methodology, 1989) counts letters that both
//! words have at about the same place, and swaps among them; Winkler (String
//! Comparator Metrics, 1990) adds a tenth of what is missing for each of up to
//! four letters at the start.

use std::cmp::Ordering;

use super::{
    AutocompleteError, AutocompleteIndex, MAX_SUGGESTIONS, Near, folded_query,
    scan::{self, Outline, Table},
};

/// How many letters at the start count, and how much each.
const PREFIX_LETTERS: usize = 4;
const PREFIX_SHARE: f64 = 0.1;

/// By how much a bound may be off because it is a shorter number.
const ROUNDING: f32 = 1e-5;

impl AutocompleteIndex {
    /// The terms whose Jaro-Winkler similarity to a query is at least
    /// `similarity` (0 to 1) and not nothing, the most similar first, and of
    /// equally similar ones the heaviest. At most `limit` and at most
    /// [`MAX_SUGGESTIONS`].
    ///
    /// # Errors
    /// [`AutocompleteError::QueryTooLong`].
    pub fn similar(
        &self,
        query: &str,
        similarity: f64,
        limit: usize,
    ) -> Result<Vec<Near<'_>>, AutocompleteError> {
        let query = folded_query(query)?;
        let limit = limit.min(MAX_SUGGESTIONS);
        if limit == 0 {
            return Ok(Vec::new());
        }
        let outline = Outline::of(query.iter().copied());
        // Not a number excludes nothing.
        let mut least = similarity.max(f64::MIN_POSITIVE);
        let mut measure = Measure::new(&query);
        let mut found: Vec<(f64, u64)> = Vec::new();
        let (outlines, priors) = (&self.terms.outlines, &self.terms.priors);
        let promising = outlines.promising(priors, shorter(least), |term, _| bound(outline, term));
        scan::in_order(promising, |bound, rank| {
            if bound <= shorter(least) {
                return None;
            }
            let folded = usize::try_from(rank).ok().and_then(|rank| self.terms.folded.get(rank));
            let score = folded.map_or(0.0, |folded| measure.to(folded));
            if score >= least {
                let order = |known: &(f64, u64)| known.0.total_cmp(&score).reverse().then(known.1.cmp(&rank));
                let at = found.partition_point(|known| order(known) == Ordering::Less);
                if at < limit {
                    found.truncate(limit - 1);
                    found.insert(at, (score, rank));
                }
                if let Some((last, _)) = found.get(limit - 1) {
                    least = least.max(*last);
                }
            }
            Some(shorter(least))
        });
        let mut table = Table::new(&query);
        let near = |(similarity, rank): (f64, u64)| {
            let (distance, _) = table.compare(self.terms.folded.get(usize::try_from(rank).ok()?)?);
            Some(Near { suggestion: self.suggestion(rank)?, distance, similarity })
        };
        Ok(found.into_iter().filter_map(near).collect())
    }
}

/// The Jaro-Winkler similarity of two texts as they stand, from 0 to 1. It takes
/// time in the product of their lengths.
///
/// ```
/// let similarity = terraphim_kg::jaro_winkler("martha", "marhta");
/// assert!((similarity - 0.9611).abs() < 1e-4);
/// ```
pub fn jaro_winkler(left: &str, right: &str) -> f64 {
    Measure::new(&left.chars().collect::<Vec<_>>()).to(right)
}

/// No term of this outline is more similar to a query of that one.
fn bound(query: Outline, term: Outline) -> f32 {
    let of_query = query.length.saturating_sub(query.without(term));
    let of_term = term.length.saturating_sub(term.without(query));
    let common = precise(of_query.min(of_term));
    let jaro = (common / precise(query.length.max(1)) + common / precise(term.length.max(1)) + 1.0) / 3.0;
    let prefix = precise(query.common_head(term)) * 0.1;
    if common > 0.0 { jaro + prefix * (1.0 - jaro) } else { 0.0 }
}

#[expect(clippy::cast_precision_loss, reason = "lengths of words are small")]
fn precise(count: u32) -> f32 {
    // Signed numbers are converted several at a time.
    count.cast_signed() as f32
}

/// A threshold for bounds, which a bound of that value passes.
#[expect(clippy::cast_possible_truncation, reason = "the rest is what is taken off")]
fn shorter(similarity: f64) -> f32 {
    similarity as f32 - ROUNDING
}

/// Measures texts against one query.
pub(super) struct Measure<'q> {
    query: &'q [char],
    /// Where each letter stands in the query, as bits, sorted by letter; empty
    /// for a query of more letters than there are bits.
    places: Vec<(char, u64)>,
    latin: [u64; 128],
    other: Vec<char>,
    ours: Vec<bool>,
    theirs: Vec<bool>,
}

impl<'q> Measure<'q> {
    pub(super) fn new(query: &'q [char]) -> Self {
        let mut places: Vec<(char, u64)> = Vec::new();
        let mut latin = [0; 128];
        if query.len() <= 64 {
            for (at, letter) in query.iter().enumerate() {
                if let Some(bits) = usize::try_from(u32::from(*letter)).ok().and_then(|at| latin.get_mut(at))
                {
                    *bits |= 1 << at;
                    continue;
                }
                match places.iter_mut().find(|(known, _)| known == letter) {
                    Some((_, bits)) => *bits |= 1 << at,
                    None => places.push((*letter, 1 << at)),
                }
            }
        }
        Self { query, places, latin, other: Vec::new(), ours: Vec::new(), theirs: Vec::new() }
    }

    pub(super) fn to(&mut self, text: &str) -> f64 {
        self.other.clear();
        self.other.extend(text.chars());
        let reach = (self.query.len().max(self.other.len()) / 2).saturating_sub(1);
        let (common, displaced) = if self.query.len() <= 64 && self.other.len() <= 64 {
            self.short(reach)
        } else {
            self.long(reach)
        };
        if common == 0 {
            return 0.0;
        }
        let in_order = share(common * 2 - displaced, common * 2);
        let jaro = (share(common, self.query.len()) + share(common, self.other.len()) + in_order) / 3.0;
        let prefix =
            self.query.iter().zip(&self.other).take(PREFIX_LETTERS).take_while(|(a, b)| a == b).count();
        jaro + share(prefix, 1) * PREFIX_SHARE * (1.0 - jaro)
    }

    /// The letters in common, and those of them that are out of order.
    fn short(&self, reach: usize) -> (usize, usize) {
        let mut taken: u64 = 0;
        let mut matched: u64 = 0;
        for (at, letter) in self.other.iter().enumerate() {
            let low = at.saturating_sub(reach);
            let below = |bit: usize| if bit >= 64 { u64::MAX } else { (1 << bit) - 1 };
            let window = below(at + reach + 1) & !below(low);
            let free = self.places_of(*letter) & window & !taken;
            let first = free & free.wrapping_neg();
            taken |= first;
            matched |= u64::from(first != 0) << at;
        }
        let ours = self.query.iter().enumerate().filter(|(at, _)| taken >> at & 1 == 1);
        let theirs = self.other.iter().enumerate().filter(|(at, _)| matched >> at & 1 == 1);
        let displaced = ours.zip(theirs).filter(|((_, a), (_, b))| a != b).count();
        (usize::try_from(taken.count_ones()).unwrap_or_default(), displaced)
    }

    fn places_of(&self, letter: char) -> u64 {
        match usize::try_from(u32::from(letter)).ok().and_then(|at| self.latin.get(at)) {
            Some(bits) => *bits,
            None => self.places.iter().find(|(known, _)| *known == letter).map_or(0, |(_, bits)| *bits),
        }
    }

    fn long(&mut self, reach: usize) -> (usize, usize) {
        self.ours.clear();
        self.ours.resize(self.query.len(), false);
        self.theirs.clear();
        let mut common = 0;
        for (at, letter) in self.other.iter().enumerate() {
            let low = at.saturating_sub(reach);
            let near = self.query.iter().zip(&mut self.ours).skip(low).take(at + reach + 1 - low);
            let free = near.into_iter().find(|(ours, taken)| *ours == letter && !**taken);
            self.theirs.push(free.is_some());
            if let Some((_, taken)) = free {
                *taken = true;
                common += 1;
            }
        }
        let ours = self.query.iter().zip(&self.ours).filter(|(_, taken)| **taken);
        let theirs = self.other.iter().zip(&self.theirs).filter(|(_, taken)| **taken);
        (common, ours.zip(theirs).filter(|((a, _), (b, _))| a != b).count())
    }
}

#[expect(clippy::cast_precision_loss, reason = "lengths of words are small")]
fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_similarities_are_met() {
        for (left, right, expected) in [
            ("martha", "marhta", 0.961),
            ("dixon", "dicksonx", 0.813),
            ("jellyfish", "smellyfish", 0.896),
            ("dwayne", "duane", 0.84),
            ("", "", 0.0),
            ("a", "b", 0.0),
            ("é", "é", 1.0),
        ] {
            let similarity = jaro_winkler(left, right);
            assert!((similarity - expected).abs() < 1e-3, "{left} {right}: {similarity}");
        }
    }

    #[test]
    fn long_and_short_texts_are_measured_alike() {
        for (left, right) in [("martha", "marhta"), ("dixon", "dicksonx"), ("aab", "baa"), ("日本x", "x本日")]
        {
            let query: Vec<char> = left.chars().collect();
            let mut measure = Measure::new(&query);
            measure.to(right);
            let reach = (query.len().max(right.chars().count()) / 2).saturating_sub(1);
            assert_eq!(measure.short(reach), measure.long(reach), "{left} {right}");
        }
    }
}
