//! What a conversation costs: the arithmetic behind every figure of a report.
//!
//! A conversation is a number of turns. In each the model reads the context
//! (the definitions, then everything written and read so far), writes some
//! tokens, and gets some back. A last turn reads the whole; what it writes is
//! the answer to the user, the same in every way of working, and not counted.
//!
//! With definitions `D` and turns `1..=T` that write `o` and get back `r`, turn
//! `k` reads `C(k) = D + Σ(o + r)` over the turns before `k`, so that:
//! - *once* = `C(T+1)`: every token when it first enters the context;
//! - *resent* = `C(1) + … + C(T+1) + Σo`: the context again at every turn,
//!   without a cache, and what is written billed once as output;
//! - *cached* = *once* `+ Σo + 10 % of (C(1) + … + C(T))`: what an earlier turn
//!   has sent is read from the cache at [`super::CACHE_READ_PERCENT`], rounded
//!   up. The first turn finds a cold cache; a surcharge for writing to the
//!   cache and a lapse of the cache are not counted.
//!
//! Code mode is the same with the face for `D` and a turn for every fetch and
//! one for the program. Without a call a baseline has no turn, and all three
//! figures are its definitions.

use std::collections::HashSet;

use terraphim_types::{ServerName, TokenCount, ToolName};

use super::account::{CountedCall, CountedCatalogue, CountedRun};

/// Definitions in one search answer of the tool-search loop: the tool that is
/// needed and four siblings.
pub const SEARCH_RESULTS: usize = 5;

/// What a model writes in one turn and gets back.
#[derive(Debug, Clone, Copy, Default)]
struct Turn {
    written: TokenCount,
    read: TokenCount,
}

/// The definitions that a model is given, and the turns that follow.
#[derive(Debug, Clone, Default)]
pub(super) struct Conversation {
    definitions: TokenCount,
    turns: Vec<Turn>,
}

/// The cost of a conversation by the formulas of this module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cost {
    /// Turns with a tool call; the last turn, which only reads, comes on top.
    pub(super) turns: u64,
    pub(super) once: TokenCount,
    pub(super) resent: TokenCount,
    pub(super) cached: TokenCount,
}

impl Conversation {
    pub(super) fn cost(&self) -> Cost {
        let mut context = u128::from(self.definitions.0);
        let (mut resendings, mut written) = (0_u128, 0_u128);
        for turn in &self.turns {
            resendings = resendings.saturating_add(context);
            written = written.saturating_add(turn.written.0.into());
            context = context.saturating_add(turn.written.0.into()).saturating_add(turn.read.0.into());
        }
        let once_and_written = context.saturating_add(written);
        let cached = resendings.saturating_mul(super::CACHE_READ_PERCENT.into()).div_ceil(100);
        Cost {
            turns: self.turns.len() as u64,
            once: tokens(context),
            resent: tokens(once_and_written.saturating_add(resendings)),
            cached: tokens(once_and_written.saturating_add(cached)),
        }
    }

    /// Code mode: a turn for each fetch, then one for the program.
    pub(super) fn of_code(run: &CountedRun) -> Self {
        let fetches = run.fetches.iter().map(|&(written, read)| Turn { written, read });
        let program = Turn { written: run.program, read: run.outcome };
        Self { definitions: run.face, turns: fetches.chain([program]).collect() }
    }

    /// All definitions of the catalogue are loaded; a turn for each group of calls.
    pub(super) fn of_all_definitions(groups: &[Vec<&CountedCall>], catalogue: &CountedCatalogue) -> Self {
        let turns = groups.iter().map(|group| call_turn(group)).collect();
        Self { definitions: catalogue.total(), turns }
    }

    /// The same with the definitions of those servers alone that were called,
    /// as if it had been known beforehand which.
    pub(super) fn of_used_servers(groups: &[Vec<&CountedCall>], catalogue: &CountedCatalogue) -> Self {
        let servers: HashSet<&ServerName> = groups.iter().flatten().map(|call| call.tool.server()).collect();
        let definitions = servers.into_iter().map(|server| catalogue.server(server)).sum();
        Self { definitions, ..Self::of_all_definitions(groups, catalogue) }
    }

    /// One search tool is loaded. Before a group with tools that were not
    /// called yet a turn searches for each of them, and the answers hold their
    /// definitions with four siblings each ([`SEARCH_RESULTS`]); then the group
    /// is called.
    ///
    /// The words of a search are not counted, which favours this loop. A tool
    /// that came as a sibling in an earlier answer is searched for again, which
    /// does not.
    pub(super) fn of_tool_search(groups: &[Vec<&CountedCall>], catalogue: &CountedCatalogue) -> Self {
        let mut known: HashSet<&ToolName> = HashSet::new();
        let mut turns = Vec::new();
        for group in groups {
            let new: Vec<_> = group.iter().map(|call| &call.tool).filter(|tool| known.insert(tool)).collect();
            if !new.is_empty() {
                let answers = new.into_iter().map(|tool| catalogue.search_answer(tool, SEARCH_RESULTS));
                turns.push(Turn { written: TokenCount(0), read: answers.sum() });
            }
            turns.push(call_turn(group));
        }
        Self { definitions: catalogue.search_tool(), turns }
    }
}

fn call_turn(group: &[&CountedCall]) -> Turn {
    Turn {
        written: group.iter().map(|call| call.arguments).sum(),
        read: group.iter().map(|call| call.reply).sum(),
    }
}

/// One call per turn, in the order in which they started.
pub(super) fn sequence(calls: &[CountedCall]) -> Vec<Vec<&CountedCall>> {
    in_order(calls).into_iter().map(|call| vec![call]).collect()
}

/// One round per turn: a call belongs to the round before it if it started
/// before the first reply of that round was there.
pub(super) fn rounds(calls: &[CountedCall]) -> Vec<Vec<&CountedCall>> {
    let mut rounds: Vec<Vec<&CountedCall>> = Vec::new();
    for call in in_order(calls) {
        match rounds.last_mut() {
            Some(round) if round.iter().all(|earlier| call.started < earlier.ended) => round.push(call),
            _ => rounds.push(vec![call]),
        }
    }
    rounds
}

fn in_order(calls: &[CountedCall]) -> Vec<&CountedCall> {
    let mut calls: Vec<_> = calls.iter().collect();
    calls.sort_by_key(|call| call.started);
    calls
}

fn tokens(sum: u128) -> TokenCount {
    TokenCount(u64::try_from(sum).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn conversation(definitions: u64, turns: &[(u64, u64)]) -> Conversation {
        let turns = turns.iter().map(|&(o, r)| Turn { written: TokenCount(o), read: TokenCount(r) });
        Conversation { definitions: TokenCount(definitions), turns: turns.collect() }
    }

    fn cost(turns: u64, once: u64, resent: u64, cached: u64) -> Cost {
        Cost { turns, once: TokenCount(once), resent: TokenCount(resent), cached: TokenCount(cached) }
    }

    #[test]
    fn without_turns_the_definitions_are_all() {
        assert_eq!(conversation(100, &[]).cost(), cost(0, 100, 100, 100));
    }

    #[test]
    fn each_turn_sends_the_context_again() {
        // C = 100, 160, 163; the second turn's 1 and the first's 10 are output.
        assert_eq!(
            conversation(100, &[(10, 50), (1, 2)]).cost(),
            cost(2, 163, 100 + 160 + 163 + 11, 163 + 11 + 26)
        );
    }

    #[test]
    fn huge_counts_saturate() {
        let most = u64::MAX;
        assert_eq!(conversation(most, &[(most, most); 3]).cost(), cost(3, most, most, most));
    }

    fn calls(times: &[(u64, u64)]) -> Vec<CountedCall> {
        let call = |(index, &(started, ended)): (usize, &(u64, u64))| CountedCall {
            tool: "s.t".parse().unwrap(),
            arguments: TokenCount(index as u64),
            reply: TokenCount(0),
            started: Duration::from_millis(started),
            ended: Duration::from_millis(ended),
        };
        times.iter().enumerate().map(call).collect()
    }

    fn indices(groups: Vec<Vec<&CountedCall>>) -> Vec<Vec<u64>> {
        groups.iter().map(|group| group.iter().map(|call| call.arguments.0).collect()).collect()
    }

    #[test]
    fn calls_in_flight_together_form_a_round() {
        let check = |times: &[(u64, u64)], expected: &[&[u64]]| {
            assert_eq!(indices(rounds(&calls(times))), expected, "{times:?}");
        };
        check(&[], &[]);
        check(&[(0, 10), (1, 5), (4, 20)], &[&[0, 1, 2]]);
        check(&[(0, 10), (10, 12)], &[&[0], &[1]]);
        check(&[(0, 100), (1, 5), (6, 90), (7, 8)], &[&[0, 1], &[2, 3]]);
        check(&[(5, 6), (0, 4)], &[&[1], &[0]]);
        check(&[(0, 0), (0, 0)], &[&[0], &[1]]);
        assert_eq!(indices(sequence(&calls(&[(5, 6), (0, 9)]))), [[1], [0]]);
    }
}
