//! The transducer walked together with the Levenshtein automaton of a query.
//!
//! The automaton's state is the band of the dynamic program around its
//! diagonal; swapped neighbours count as one edit (optimal string alignment).
//! The node under which the likeliest term may stand is opened first, and the
//! walk ends when no other can give a better term.

use std::{cmp::Ordering, collections::BinaryHeap};

use fst::raw::{CompiledAddr, Fst};

use super::{
    AutocompleteIndex,
    nearest::{Found, Ranking, cost},
};
use crate::strings::place;

/// Greatest distance that is walked: beyond it most nodes would be opened.
pub(super) const MAX_WALKED: usize = 2;

/// How many cells the widest band has.
const BAND: usize = 2 * MAX_WALKED + 1;

/// A column of the dynamic program: what each number of typed letters costs
/// against the letters of the term that were read. Cells outside the band cost
/// infinitely much.
#[derive(Debug, Clone, Copy)]
struct Column {
    costs: [f32; BAND],
    edits: [u8; BAND],
    /// The column one letter before.
    previous: u32,
    /// The letter that led here.
    letter: char,
}

/// A node that is still to be opened.
#[derive(Debug, Clone, Copy)]
struct Open {
    /// No term below is likelier.
    bound: f32,
    rank: u64,
    address: CompiledAddr,
    column: u32,
    depth: u32,
    partial: Partial,
}

/// The bytes of a character that were read before its last one.
#[derive(Debug, Clone, Copy, Default)]
struct Partial {
    bits: u32,
    missing: u8,
}

/// A walk through the transducer.
pub(super) struct Walk<'a> {
    index: &'a AutocompleteIndex,
    fst: &'a Fst<Vec<u8>>,
    query: &'a [char],
    distance: usize,
    columns: Vec<Column>,
    open: BinaryHeap<Open>,
    ranking: &'a mut Ranking,
}

impl<'a> Walk<'a> {
    /// A walk for terms at most `distance` edits away, at most [`MAX_WALKED`].
    pub(super) fn new(
        index: &'a AutocompleteIndex,
        query: &'a [char],
        distance: usize,
        ranking: &'a mut Ranking,
    ) -> Self {
        let distance = distance.min(MAX_WALKED);
        let fst = index.ranks.as_fst();
        let mut first =
            Column { costs: [f32::INFINITY; BAND], edits: [u8::MAX; BAND], previous: 0, letter: '\0' };
        let cells = first.costs.iter_mut().zip(&mut first.edits).skip(distance);
        let mut total = 0.0;
        for (edits, (cost, count)) in (0_u8..).zip(cells).take(distance.min(query.len()) + 1) {
            (*cost, *count) = (total, edits);
            total += cost::ADDED;
        }
        let address = fst.root().addr();
        let open =
            Open { bound: f32::INFINITY, rank: 0, address, column: 0, depth: 0, partial: Partial::default() };
        let open = BinaryHeap::from([open]);
        Self { index, fst, query, distance, columns: vec![first], open, ranking }
    }

    /// Walks until nothing better can come; false if more nodes than `limit` would have to be opened.
    pub(super) fn run(mut self, limit: usize) -> bool {
        for _ in 0..limit {
            let Some(open) = self.open.pop().filter(|open| self.ranking.wants(open.bound)) else {
                return true;
            };
            self.open_node(open);
        }
        self.open.is_empty()
    }

    fn prior(&self, rank: u64) -> f32 {
        self.index.terms.prior(rank)
    }

    fn open_node(&mut self, open: Open) {
        let node = self.fst.node(open.address);
        if node.is_final() && open.partial.missing == 0 {
            self.accept(&open, open.rank + node.final_output().value());
        }
        for step in node.transitions() {
            let rank = open.rank + step.out.value();
            let Some((partial, letter)) = open.partial.then(step.inp) else { continue };
            let next = Open { rank, address: step.addr, partial, ..open };
            match letter {
                None => self.open.push(next),
                Some(letter) => self.follow(next, letter),
            }
        }
    }

    /// Takes one letter of the term.
    fn follow(&mut self, from: Open, letter: char) {
        let prior = self.prior(from.rank);
        if !self.ranking.wants(prior) {
            return;
        }
        let Some((column, least)) = self.advance(&from, letter) else { return };
        let bound = prior - least;
        if !self.ranking.wants(bound) {
            return;
        }
        let Ok(place) = u32::try_from(self.columns.len()) else { return };
        self.columns.push(column);
        self.open.push(Open { bound, column: place, depth: from.depth + 1, ..from });
    }

    /// The column after one more letter, and its least cost within the distance.
    fn advance(&self, from: &Open, letter: char) -> Option<(Column, f32)> {
        let before = self.columns.get(place(from.column))?;
        let twice_before = self.columns.get(place(before.previous))?;
        let depth = place(from.depth);
        let mut column =
            Column { costs: [f32::INFINITY; BAND], edits: [u8::MAX; BAND], previous: from.column, letter };
        let max = u8::try_from(self.distance).unwrap_or(u8::MAX);
        let mut least = f32::INFINITY;
        let mut left = (f32::INFINITY, u8::MAX);
        let first = self.distance.saturating_sub(depth + 1);
        for cell in first..=2 * self.distance {
            let typed = depth + 1 + cell - self.distance;
            if typed > self.query.len() {
                break;
            }
            let here = typed.checked_sub(1).and_then(|at| self.query.get(at)).copied();
            let (mut cost, mut edits) = (left.0 + cost::ADDED, left.1.saturating_add(1));
            if cell < 2 * self.distance
                && let (Some(c), Some(e)) = (before.costs.get(cell + 1), before.edits.get(cell + 1))
            {
                cost = cost.min(c + cost::LEFT_OUT);
                edits = edits.min(e.saturating_add(1));
            }
            if let (Some(here), Some(c), Some(e)) = (here, before.costs.get(cell), before.edits.get(cell)) {
                let other = here != letter;
                cost = cost.min(if other { c + cost::REPLACED } else { *c });
                edits = edits.min(e.saturating_add(u8::from(other)));
                let swapped = depth > 0
                    && here == before.letter
                    && typed.checked_sub(2).and_then(|at| self.query.get(at)) == Some(&letter);
                if swapped
                    && let (Some(c), Some(e)) = (twice_before.costs.get(cell), twice_before.edits.get(cell))
                {
                    cost = cost.min(c + cost::SWAPPED);
                    edits = edits.min(e.saturating_add(1));
                }
            }
            left = (cost, edits);
            if let (Some(c), Some(e)) = (column.costs.get_mut(cell), column.edits.get_mut(cell)) {
                (*c, *e) = left;
            }
            if edits <= max {
                least = least.min(cost);
            }
        }
        least.is_finite().then_some((column, least))
    }

    /// Takes the term that ends at a node, if it is near enough.
    fn accept(&mut self, open: &Open, rank: u64) {
        let Some(column) = self.columns.get(place(open.column)) else { return };
        let Some(cell) = (self.query.len() + self.distance).checked_sub(place(open.depth)) else {
            return;
        };
        let (Some(cost), Some(edits)) = (column.costs.get(cell), column.edits.get(cell)) else { return };
        if usize::from(*edits) > self.distance || cell > 2 * self.distance {
            return;
        }
        let found = Found::new(rank, usize::from(*edits), self.prior(rank) - cost);
        self.ranking.offer(found);
    }
}

impl Partial {
    /// Takes one byte; the character, if that was its last.
    fn then(self, byte: u8) -> Option<(Self, Option<char>)> {
        let read = |bits: u32, missing: u8| {
            let letter = if missing == 0 { Some(char::from_u32(bits)?) } else { None };
            Some((Self { bits, missing }, letter))
        };
        let bits = u32::from(byte);
        if let Some(missing) = self.missing.checked_sub(1) {
            return read(self.bits << 6 | bits & 0x3F, missing);
        }
        match byte {
            0..0x80 => read(bits, 0),
            0x80..0xE0 => read(bits & 0x1F, 1),
            0xE0..0xF0 => read(bits & 0x0F, 2),
            _ => read(bits & 0x07, 3),
        }
    }
}

impl PartialEq for Open {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Open {}

impl PartialOrd for Open {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Open {
    /// The most promising first, and of these the deepest.
    fn cmp(&self, other: &Self) -> Ordering {
        self.bound.total_cmp(&other.bound).then(self.depth.cmp(&other.depth)).then(other.rank.cmp(&self.rank))
    }
}
