//! The account of one run as it is reported: plain data and percentages.

use serde::{Deserialize, Serialize};
use terraphim_types::TokenCount;

use super::{
    account::{CountedCall, CountedCatalogue, CountedRun},
    baseline::{Conversation, Cost, rounds, sequence},
};

/// What an input token costs that is read from the cache, in percent of one
/// that is not: an assumption, in line with what providers commonly charge.
pub const CACHE_READ_PERCENT: u8 = 10;

/// What a run cost the model and what its calls would have cost without code.
///
/// Every cost is given three ways. *Once* counts each token when it first
/// enters the context; it is the conservative figure and the headline. *Resent*
/// is what is billed without a cache, where every turn sends the whole context
/// again. *Cached* is the same with a warm cache. The formulas stand at
/// [`TokenReport::new`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TokenReport {
    /// What counted.
    pub tokenizer: Tokenizer,
    /// Whether some texts were too long to be counted whole.
    pub estimated: bool,
    /// The assumption behind every `tokens_cached`: [`CACHE_READ_PERCENT`].
    pub cache_read_percent: u8,
    /// Tool calls of the program.
    pub calls: u64,
    /// Rounds that they form: calls in flight together are one.
    pub rounds: u64,
    /// What the model paid.
    pub paid: Paid,
    /// The tool replies, which stayed out of the model's context.
    pub intermediate_results: TokenCount,
    /// What the same calls would have cost, in the order of [`BaselineName`].
    pub baselines: Vec<Baseline>,
}

/// The tokenizer behind the figures.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Tokenizer {
    /// OpenAI's o200k; not Claude's.
    #[default]
    #[serde(rename = "o200k_base")]
    O200kBase,
}

/// What the model paid with code.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paid {
    /// The definitions of the code-mode tools.
    pub face: TokenCount,
    /// What the model looked up before the program: arguments and answers.
    pub definitions: TokenCount,
    /// The program.
    pub program: TokenCount,
    /// The outcome.
    pub outcome: TokenCount,
    /// Their sum: each token once.
    pub total: TokenCount,
    /// Turns with a tool call: one for each look-up, one for the program.
    pub turns: u64,
    /// With the context sent again at every turn.
    pub tokens_resent: TokenCount,
    /// The same with what was sent before at the cache-read rate.
    pub tokens_cached: TokenCount,
}

/// A way of working without code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BaselineName {
    /// The definitions of the whole catalogue are loaded.
    AllDefinitions,
    /// The definitions of the servers that were called are loaded, and no others.
    UsedServers,
    /// A search tool is loaded; each tool is searched for before its first call.
    ToolSearchLoop,
}

/// What one way of working would have cost.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Baseline {
    /// Which way.
    pub name: BaselineName,
    /// With one call per turn.
    pub sequential: Comparison,
    /// With one round of calls per turn.
    pub parallel: Comparison,
}

/// A cost without code beside what was paid with it.
///
/// A percentage is (cost − paid) ÷ cost, rounded down to a tenth: negative
/// where code mode cost more, absent where the cost is nothing.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// Turns with a tool call.
    pub turns: u64,
    /// Each token once.
    pub tokens_once: TokenCount,
    /// Saved of `tokens_once`: the headline.
    pub saved_percent: Option<f64>,
    /// With the context sent again at every turn.
    pub tokens_resent: TokenCount,
    /// Saved of `tokens_resent`.
    pub saved_resent_percent: Option<f64>,
    /// The same with what was sent before at the cache-read rate.
    pub tokens_cached: TokenCount,
    /// Saved of `tokens_cached`.
    pub saved_cached_percent: Option<f64>,
}

impl TokenReport {
    /// Works out the account of a run against a catalogue.
    ///
    /// Turn `k` of a conversation reads `C(k)`: its definitions and all that
    /// was written and read before. Over `T` turns with a call and a last one
    /// that only reads,
    /// - *once* = `C(T+1)`;
    /// - *resent* = `C(1) + … + C(T+1)` + everything written;
    /// - *cached* = *once* + everything written + 10 % of `C(1) + … + C(T)`,
    ///   rounded up, from a cache that is cold at first and never lapses.
    ///
    /// Written are arguments and programs; read are replies, answers and
    /// outcomes. Code mode has the face for definitions, a turn for each
    /// look-up and one for the program. The baselines have
    /// - *all definitions*: the whole catalogue and a turn for each call
    ///   (sequential) or round (parallel);
    /// - *used servers*: the same turns, with the definitions of the servers
    ///   that were called;
    /// - *tool-search loop*: one search tool, and before each call (round) with
    ///   tools not called before, a turn that reads for each of them its
    ///   definition and those of four siblings on its server. The words of a
    ///   search are not counted.
    ///
    /// Without a call a baseline has no turn and costs its definitions.
    pub fn new(run: &CountedRun, catalogue: &CountedCatalogue) -> Self {
        let code = Conversation::of_code(run).cost();
        let sequence = sequence(&run.calls);
        let rounds = rounds(&run.calls);
        let baseline = |name, conversation: BaselineOf| Baseline {
            name,
            sequential: Comparison::new(conversation(&sequence, catalogue).cost(), code),
            parallel: Comparison::new(conversation(&rounds, catalogue).cost(), code),
        };
        Self {
            tokenizer: Tokenizer::O200kBase,
            estimated: run.estimated || catalogue.is_estimated(),
            cache_read_percent: CACHE_READ_PERCENT,
            calls: run.calls.len() as u64,
            rounds: rounds.len() as u64,
            paid: Paid::new(run, code),
            intermediate_results: run.calls.iter().map(|call| call.reply).sum(),
            baselines: vec![
                baseline(BaselineName::AllDefinitions, Conversation::of_all_definitions),
                baseline(BaselineName::UsedServers, Conversation::of_used_servers),
                baseline(BaselineName::ToolSearchLoop, Conversation::of_tool_search),
            ],
        }
    }

    /// One of the baselines.
    pub fn baseline(&self, name: BaselineName) -> Option<&Baseline> {
        self.baselines.iter().find(|baseline| baseline.name == name)
    }
}

type BaselineOf = fn(&[Vec<&CountedCall>], &CountedCatalogue) -> Conversation;

impl Paid {
    fn new(run: &CountedRun, cost: Cost) -> Self {
        Self {
            face: run.face,
            definitions: run.fetches.iter().map(|&(arguments, answer)| arguments + answer).sum(),
            program: run.program,
            outcome: run.outcome,
            total: cost.once,
            turns: cost.turns,
            tokens_resent: cost.resent,
            tokens_cached: cost.cached,
        }
    }
}

impl Comparison {
    fn new(cost: Cost, paid: Cost) -> Self {
        Self {
            turns: cost.turns,
            tokens_once: cost.once,
            saved_percent: saved_percent(cost.once, paid.once),
            tokens_resent: cost.resent,
            saved_resent_percent: saved_percent(cost.resent, paid.resent),
            tokens_cached: cost.cached,
            saved_cached_percent: saved_percent(cost.cached, paid.cached),
        }
    }
}

/// Rounded down, so that no saving is overstated.
fn saved_percent(cost: TokenCount, paid: TokenCount) -> Option<f64> {
    let (cost, paid) = (i128::from(cost.0), i128::from(paid.0));
    let per_mille = ((cost - paid) * 1_000).checked_div_euclid(cost)?;
    Some(per_mille as f64 / 10.0)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;
    use terraphim_types::ToolName;

    use super::*;

    #[test]
    fn savings_are_rounded_down_and_never_hidden() {
        let check = |cost, paid, expected| {
            assert_eq!(saved_percent(TokenCount(cost), TokenCount(paid)), expected, "{paid} of {cost}");
        };
        check(1_000, 19, Some(98.1));
        check(100_000, 1, Some(99.9));
        check(100, 100, Some(0.0));
        check(100, 350, Some(-250.0));
        check(3, 4, Some(-33.4));
        check(7, 0, Some(100.0));
        check(0, 5, None);
    }

    fn tokens() -> impl Strategy<Value = TokenCount> {
        prop_oneof![0_u64..5_000, any::<u64>()].prop_map(TokenCount)
    }

    fn tool() -> impl Strategy<Value = ToolName> {
        (0..4_u8, 0..8_u8).prop_map(|(server, tool)| format!("s{server}.t{tool}").parse().unwrap())
    }

    fn call() -> impl Strategy<Value = CountedCall> {
        (tool(), tokens(), tokens(), 0..50_u64, 0..50_u64).prop_map(
            |(tool, arguments, reply, started, took)| {
                let (started, ended) =
                    (Duration::from_millis(started), Duration::from_millis(started + took));
                CountedCall { tool, arguments, reply, started, ended }
            },
        )
    }

    prop_compose! {
        fn run()(
            face in tokens(), program in tokens(), outcome in tokens(), estimated: bool,
            fetches in prop::collection::vec((tokens(), tokens()), 0..3),
            calls in prop::collection::vec(call(), 0..12),
        ) -> CountedRun {
            CountedRun { face, fetches, program, outcome, calls, estimated }
        }
    }

    prop_compose! {
        fn catalogue()(
            search_tool in tokens(), estimated: bool,
            definitions in prop::collection::btree_map(tool(), tokens(), 0..20),
        ) -> CountedCatalogue {
            CountedCatalogue::new(search_tool, definitions, estimated)
        }
    }

    fn in_range(percent: Option<f64>, cost: TokenCount) -> bool {
        percent.is_some() == (cost.0 > 0)
            && percent.is_none_or(|percent| percent.is_finite() && percent <= 100.0)
    }

    proptest! {
        #[test]
        fn accounts_are_consistent(run in run(), catalogue in catalogue()) {
            let report = TokenReport::new(&run, &catalogue);
            let paid = report.paid;
            prop_assert_eq!(paid.total, paid.face + paid.definitions + paid.program + paid.outcome);
            prop_assert!(paid.total <= paid.tokens_cached && paid.tokens_cached <= paid.tokens_resent);
            prop_assert_eq!(report.estimated, run.estimated || catalogue.is_estimated());
            prop_assert!(report.rounds <= report.calls);
            for baseline in &report.baselines {
                let (sequential, parallel) = (baseline.sequential, baseline.parallel);
                prop_assert_eq!(sequential.tokens_once, parallel.tokens_once, "once is independent of the turns");
                prop_assert!(parallel.turns <= sequential.turns);
                prop_assert!(parallel.tokens_resent <= sequential.tokens_resent);
                for side in [sequential, parallel] {
                    prop_assert!(side.tokens_once <= side.tokens_cached && side.tokens_cached <= side.tokens_resent);
                    prop_assert!(in_range(side.saved_percent, side.tokens_once));
                    prop_assert!(in_range(side.saved_resent_percent, side.tokens_resent));
                    prop_assert!(in_range(side.saved_cached_percent, side.tokens_cached));
                }
                if run.calls.is_empty() {
                    prop_assert_eq!(sequential, parallel);
                    prop_assert_eq!((sequential.turns, sequential.tokens_resent), (0, sequential.tokens_once));
                }
            }
        }

        #[test]
        fn percentages_survive_json(cost in 1_u64..5_000_000, paid in 0_u64..5_000_000) {
            let paid = Cost { turns: 1, once: TokenCount(paid), resent: TokenCount(paid), cached: TokenCount(paid) };
            let cost = Cost { turns: 2, once: TokenCount(cost), resent: TokenCount(cost), cached: TokenCount(cost) };
            let comparison = Comparison::new(cost, paid);
            let json = serde_json::to_string(&comparison).unwrap();
            prop_assert_eq!(serde_json::from_str::<Comparison>(&json).unwrap(), comparison);
        }
    }
}
