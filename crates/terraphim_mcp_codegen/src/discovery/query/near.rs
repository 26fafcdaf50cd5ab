//! The tools that fit a task about as well as the best one does.

use super::{Hits, SearchContext, better};
use crate::discovery::index::DiscoveryIndex;

/// The tools for a task.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Near {
    /// Their qualified names, the best first.
    pub(crate) names: Vec<String>,
    /// How many tools have something of the task at all, these among them.
    pub(crate) total: usize,
}

impl DiscoveryIndex {
    /// The tools whose score is at least `share` (0 to 1) of the best one's, at most `most`. Of tools that
    /// are nearly the same the best one stands for all.
    pub(crate) fn near_best(&self, task: &str, share: f32, most: usize, context: &SearchContext<'_>) -> Near {
        let (_, scores) = self.scores(task, context);
        let hits: Hits =
            (0_u32..).zip(scores).filter_map(|(id, score)| (score > 0.0).then_some((score, id))).collect();
        let (mut hits, _) = self.fold(hits);
        let total = hits.len();
        hits.sort_unstable_by(better);
        let least = hits.first().map_or(0.0, |(best, _)| best * share);
        let near = hits.iter().take_while(|(score, _)| *score >= least).take(most);
        let names = near.filter_map(|(_, id)| Some(self.entry_at(*id)?.qualified.to_owned())).collect();
        Near { names, total }
    }
}
