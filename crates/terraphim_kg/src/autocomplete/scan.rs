//! Terms looked at one by one, as few of them as possible.
//!
//! Each term has an outline: which letters it has, how many, and its first
//! ones. The outlines of a term and of a query say how near the two can be at
//! best. That is computed for all terms, a few instructions each; then the terms
//! themselves are compared, the most promising first, until no other can be
//! among the wanted.

use super::{
    Terms,
    nearest::{Found, Ranking, cost},
};

/// How many of the most promising terms are compared before the others are
/// looked over for the first time; then twice as many, and so on.
const FIRST_WAVE: usize = 64;

/// How many bounds are computed before those that pass are picked.
const CHUNK: usize = 512;

/// By how much a limit may be off because scores are short numbers.
const ROUNDING: f32 = 1e-3;

/// What is known of a text's letters.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Outline {
    /// One bit for each Latin letter and a few for all others; above them the
    /// same for those that occur twice.
    letters: u64,
    /// The lowest bytes of the first four letters, the first one lowest; 0 after the last.
    head: u32,
    pub(super) length: u32,
}

/// The outlines of all terms.
#[derive(Debug, Default)]
pub(super) struct Outlines {
    letters: Vec<u64>,
    heads: Vec<u32>,
    lengths: Vec<u32>,
}

impl Outline {
    pub(super) fn of(letters: impl Iterator<Item = char>) -> Self {
        let mut outline = Self::default();
        for letter in letters {
            let bit = match letter {
                'a'..='z' => u32::from(letter) - u32::from('a'),
                _ => 26 + u32::from(letter) % 6,
            };
            let twice = outline.letters >> bit & 1;
            outline.letters |= 1 << bit | twice << (bit + 32);
            if outline.length < 4 {
                outline.head |= (u32::from(letter) & 0xFF) << (8 * outline.length);
            }
            outline.length = outline.length.saturating_add(1);
        }
        outline
    }

    /// How many letters it has that the other lacks, at least.
    pub(super) fn without(self, other: Self) -> u32 {
        (self.letters & !other.letters).count_ones()
    }

    /// How many of the first four letters are the same, at most.
    pub(super) fn common_head(self, other: Self) -> u32 {
        ((self.head ^ other.head).trailing_zeros() / 8).min(4)
    }
}

impl Outlines {
    pub(super) fn push(&mut self, outline: Outline) {
        self.letters.push(outline.letters);
        self.heads.push(outline.head);
        self.lengths.push(outline.length);
    }

    pub(super) fn shrink(&mut self) {
        self.letters.shrink_to_fit();
        self.heads.shrink_to_fit();
        self.lengths.shrink_to_fit();
    }

    pub(super) fn bytes(&self) -> usize {
        self.letters.capacity() * size_of::<u64>()
            + (self.heads.capacity() + self.lengths.capacity()) * size_of::<u32>()
    }

    /// The ranks whose bound passes a threshold, with their bounds. The bound of
    /// each is computed from its outline and its prior, without a branch.
    pub(super) fn promising(
        &self,
        priors: &[f32],
        least: f32,
        bound: impl Fn(Outline, f32) -> f32,
    ) -> Vec<(f32, u64)> {
        let mut passed = Vec::new();
        let mut bounds = [0.0_f32; CHUNK];
        let mut rank = 0_u64;
        let chunks = self.letters.chunks(CHUNK).zip(self.heads.chunks(CHUNK)).zip(self.lengths.chunks(CHUNK));
        for (((letters, heads), lengths), priors) in chunks.zip(priors.chunks(CHUNK)) {
            let outlines = letters.iter().zip(heads).zip(lengths).zip(priors);
            for (slot, (((letters, head), length), prior)) in bounds.iter_mut().zip(outlines) {
                *slot = bound(Outline { letters: *letters, head: *head, length: *length }, *prior);
            }
            for bound in bounds.iter().take(letters.len()) {
                if *bound > least {
                    passed.push((*bound, rank));
                }
                rank += 1;
            }
        }
        passed
    }
}

/// Finds the likeliest terms at most `distance` edits from a query.
pub(super) fn nearest(terms: &Terms, query: &[char], distance: usize, ranking: &mut Ranking) {
    let outline = Outline::of(query.iter().copied());
    let most = i32::try_from(distance).unwrap_or(i32::MAX);
    let promising = terms.outlines.promising(&terms.priors, ranking.least(), |term, prior| {
        let (edits, least_cost) = least_edits(outline, term);
        if edits > most { f32::NEG_INFINITY } else { prior - least_cost }
    });
    let mut table = Table::new(query);
    in_order(promising, |bound, rank| {
        if !ranking.wants(bound) {
            return None;
        }
        let place = usize::try_from(rank).unwrap_or(usize::MAX);
        let prior = terms.prior(rank);
        let limits = (distance, prior - ranking.least() + ROUNDING);
        let compared = terms.folded.get(place).and_then(|term| table.compare_within(term, limits));
        if let Some((edits, cost)) = compared.filter(|(edits, _)| *edits <= distance) {
            ranking.offer(Found::new(rank, edits, prior - cost));
        }
        Some(ranking.least())
    });
}

/// Gives the promising ones in about the order of their bounds. `look` answers
/// with the bound that must be passed from then on, or with none to end it.
pub(super) fn in_order(mut promising: Vec<(f32, u64)>, mut look: impl FnMut(f32, u64) -> Option<f32>) {
    let mut wave = FIRST_WAVE;
    while !promising.is_empty() {
        wave = (wave * 2).min(promising.len());
        promising.select_nth_unstable_by(wave - 1, |left, right| {
            right.0.total_cmp(&left.0).then(left.1.cmp(&right.1))
        });
        let mut rest = promising.split_off(wave);
        promising.sort_unstable_by(|left, right| right.0.total_cmp(&left.0).then(left.1.cmp(&right.1)));
        let mut least = f32::NEG_INFINITY;
        for (bound, rank) in promising {
            match look(bound, rank) {
                Some(passed) => least = passed,
                None => return,
            }
        }
        rest.retain(|(bound, _)| *bound > least);
        promising = rest;
    }
}

/// How many edits there are at least, and what they cost at least.
///
/// Let x letters be left out, y added and z replaced. Then the lengths give
/// x - y, the term's own letters need x + z of them, the query's own y + z. So
/// y + z is at least the query's own letters, and at least the term's own
/// letters less the difference of the lengths.
fn least_edits(query: Outline, term: Outline) -> (i32, f32) {
    let number = |count: u32| i32::try_from(count).unwrap_or(i32::MAX / 4);
    let longer = number(term.length) - number(query.length);
    let wrong = number(query.without(term)).max(number(term.without(query)) - longer).max(-longer).max(0);
    let left_out = longer.max(0);
    #[expect(clippy::cast_precision_loss, reason = "lengths of words are small")]
    let cost = wrong as f32 * cost::ADDED.min(cost::REPLACED) + left_out as f32 * cost::LEFT_OUT;
    (wrong + left_out, cost)
}

/// The dynamic program of edits and of their cost.
pub(super) struct Table<'q> {
    query: &'q [char],
    /// The rows for the two letters before the current one, and its own.
    rows: [Vec<(usize, f32)>; 3],
}

impl<'q> Table<'q> {
    pub(super) fn new(query: &'q [char]) -> Self {
        Self { query, rows: Default::default() }
    }

    /// The least number of edits from the query to a term, and the least cost.
    pub(super) fn compare(&mut self, term: &str) -> (usize, f32) {
        self.compare_within(term, (usize::MAX, f32::INFINITY)).unwrap_or_default()
    }

    /// The same, given up as soon as one of the two must pass its limit.
    fn compare_within(&mut self, term: &str, limits: (usize, f32)) -> Option<(usize, f32)> {
        let [twice_before, before, current] = &mut self.rows;
        twice_before.clear();
        before.clear();
        let mut total = (0, 0.0);
        before.push(total);
        for _ in self.query {
            total = (total.0 + 1, total.1 + cost::ADDED);
            before.push(total);
        }
        let mut last = None;
        let mut ended = (false, false);
        for letter in term.chars() {
            current.clear();
            let mut left = before.first().map_or((0, 0.0), |above| (above.0 + 1, above.1 + cost::LEFT_OUT));
            current.push(left);
            let mut all = (left.0 > limits.0, left.1 > limits.1);
            let mut typed_before = None;
            let swaps = twice_before.iter().map(Some);
            // The row before the first letter has no row above it.
            let swaps = std::iter::once(None).chain(swaps).chain(std::iter::repeat(None));
            let cells = before.iter().zip(before.iter().skip(1)).zip(self.query).zip(swaps);
            for (((across, above), typed), swap) in cells {
                let other = *typed != letter;
                let replaced =
                    (across.0 + usize::from(other), across.1 + if other { cost::REPLACED } else { 0.0 });
                let mut edits = replaced.0.min(left.0 + 1).min(above.0 + 1);
                let mut least = replaced.1.min(left.1 + cost::ADDED).min(above.1 + cost::LEFT_OUT);
                if let Some(swap) = swap.filter(|_| last == Some(*typed) && typed_before == Some(letter)) {
                    edits = edits.min(swap.0 + 1);
                    least = least.min(swap.1 + cost::SWAPPED);
                }
                left = (edits, least);
                all = (all.0 & (edits > limits.0), all.1 & (least > limits.1));
                current.push(left);
                typed_before = Some(*typed);
            }
            // A swap comes from the row before the last.
            if all.0 && ended.0 || all.1 && ended.1 {
                return None;
            }
            ended = all;
            last = Some(letter);
            std::mem::swap(twice_before, before);
            std::mem::swap(before, current);
        }
        before.last().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn swapped_neighbours_are_one_edit() {
        for (typed, term, edits, cost) in [
            ("ab", "ba", 1, cost::SWAPPED),
            ("ca", "abc", 3, cost::REPLACED + cost::ADDED.min(cost::REPLACED) - 6.0),
            ("kitten", "sitting", 3, 2.0 * cost::REPLACED + cost::LEFT_OUT),
            ("", "abc", 3, 3.0 * cost::LEFT_OUT),
            ("abc", "", 3, 3.0 * cost::ADDED),
            ("日本", "本日", 1, cost::SWAPPED),
        ] {
            let query: Vec<char> = typed.chars().collect();
            let found = Table::new(&query).compare(term);
            assert_eq!(found.0, edits, "{typed} {term}");
            if typed != "ca" {
                assert!((found.1 - cost).abs() < 1e-6, "{typed} {term}: {}", found.1);
            }
        }
    }

    #[test]
    fn a_table_can_be_used_again() {
        let query: Vec<char> = "abcd".chars().collect();
        let mut table = Table::new(&query);
        for term in ["abdc", "badc", "", "abcd", "xbacd"] {
            assert_eq!(table.compare(term), Table::new(&query).compare(term), "{term}");
        }
    }
}
