//! Recall, nDCG and the wrong-sibling rate, each with an interval.
//!
//! A query's recall at k is the share of its groups of which one tool is among the first k. Its nDCG
//! at 10 gives each group's first tool a gain of 1 / log2(1 + place), divided by the sum that the
//! groups would have at the first places (Järvelin and Kekäläinen, 2002). A wrong sibling is a first
//! place that is not right, of a server that has a right tool. Intervals are the 2.5th and the 97.5th
//! percentile of means over 1,000 samples of the queries, drawn with replacement (Efron, 1979).

use std::collections::HashSet;

use serde_json::Value;

use super::sets::{Loaded, Query};
use crate::error::Error;

/// How many samples an interval is made of.
const SAMPLES: usize = 1_000;
/// How deep a page is looked at.
const DEPTH: usize = 10;

/// The tools that a search gave for a query, the best first; each place may stand for several ids.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) setting: String,
    pub(super) query: String,
    pub(super) places: Vec<Vec<String>>,
    pub(super) micros: f64,
}

impl Answer {
    /// Reads a line of `discovery_runs`, or says that it is none of an answer.
    pub(super) fn read(line: &Value) -> Option<Self> {
        let text = |key: &str| Some(line.get(key)?.as_str()?.to_owned());
        let places = line.get("tools")?.as_array()?.iter().map(|place| {
            let ids = place.as_array().into_iter().flatten();
            ids.filter_map(Value::as_str).map(str::to_owned).collect()
        });
        Some(Self {
            setting: text("setting")?,
            query: text("query")?,
            places: places.collect(),
            micros: line.get("micros")?.as_f64()?,
        })
    }
}

/// A mean with its interval, in percent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Estimate {
    pub(super) mean: f64,
    pub(super) low: f64,
    pub(super) high: f64,
}

/// What one search is worth on one set.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Measures {
    pub(super) recall: [Estimate; 3],
    pub(super) gain: Estimate,
    /// Only where there are several servers.
    pub(super) wrong_sibling: Option<Estimate>,
    /// Median and 95th percentile of the times, in microseconds.
    pub(super) micros: (f64, f64),
}

impl Measures {
    /// The places up to which recall is measured.
    pub(super) const AT: [usize; 3] = [1, 5, 10];

    pub(super) fn of(set: &Loaded, answers: &[Answer]) -> Result<Self, Error> {
        if answers.len() != set.queries.len() || answers.is_empty() {
            let complaint = format!("{} answers to {} queries", answers.len(), set.queries.len());
            return Err(Error::Unreadable { what: "a search".to_owned(), complaint });
        }
        let pairs = || set.queries.iter().zip(answers);
        if let Some((query, answer)) = pairs().find(|(query, answer)| query.id != answer.query) {
            let complaint = format!("answers `{}` where `{}` was asked", answer.query, query.id);
            return Err(Error::Unreadable { what: "a search".to_owned(), complaint });
        }
        let recall =
            |at| estimate(&pairs().map(|(query, answer)| recall(query, answer, at)).collect::<Vec<_>>());
        let gains: Vec<f64> = pairs().map(|(query, answer)| gain(query, answer)).collect();
        let siblings: Vec<f64> = pairs().map(|(query, answer)| wrong_sibling(set, query, answer)).collect();
        let is_single = set.servers.values().collect::<HashSet<_>>().len() < 2;
        let mut micros: Vec<f64> = answers.iter().map(|answer| answer.micros).collect();
        Ok(Self {
            recall: Self::AT.map(recall),
            gain: estimate(&gains),
            wrong_sibling: (!is_single).then(|| estimate(&siblings)),
            micros: (percentile(&mut micros, 50), percentile(&mut micros, 95)),
        })
    }
}

/// The share of a query's groups that are met by the first places.
pub(super) fn recall(query: &Query, answer: &Answer, at: usize) -> f64 {
    let found: HashSet<&String> = answer.places.iter().take(at).flatten().collect();
    let met = query.groups.iter().filter(|group| group.iter().any(|id| found.contains(id))).count();
    share(met, query.groups.len())
}

pub(super) fn gain(query: &Query, answer: &Answer) -> f64 {
    let discount = |place: usize| 1.0 / (float(place) + 2.0).log2();
    let place = |group: &Vec<String>| {
        answer.places.iter().take(DEPTH).position(|ids| ids.iter().any(|id| group.contains(id)))
    };
    let got: f64 = query.groups.iter().filter_map(place).map(discount).sum();
    let ideal: f64 = (0..query.groups.len().min(DEPTH)).map(discount).sum();
    // Two groups may be met by one place, which has one gain in the ideal order.
    (got / ideal.max(f64::MIN_POSITIVE)).min(1.0)
}

fn wrong_sibling(set: &Loaded, query: &Query, answer: &Answer) -> f64 {
    let Some(first) = answer.places.first() else { return 0.0 };
    let right: HashSet<&String> = query.groups.iter().flatten().collect();
    if first.iter().any(|id| right.contains(id)) {
        return 0.0;
    }
    let servers: HashSet<_> = right.into_iter().filter_map(|id| set.servers.get(id)).collect();
    let is_sibling = first.iter().filter_map(|id| set.servers.get(id)).any(|server| servers.contains(server));
    f64::from(u8::from(is_sibling))
}

fn estimate(values: &[f64]) -> Estimate {
    let mean = |sum: f64| 100.0 * sum / float(values.len().max(1));
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut sample = || (0..values.len()).filter_map(|_| values.get(random.below(values.len()))).sum::<f64>();
    let mut means: Vec<f64> = (0..SAMPLES).map(|_| mean(sample())).collect();
    means.sort_unstable_by(f64::total_cmp);
    let at = |per_mille: usize| means.get(SAMPLES * per_mille / 1_000).copied().unwrap_or_default();
    Estimate { mean: mean(values.iter().sum()), low: at(25), high: at(975) }
}

/// The value below which so many hundredths are.
pub(super) fn percentile(values: &mut [f64], hundredths: usize) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values
        .get((values.len() * hundredths / 100).min(values.len().saturating_sub(1)))
        .copied()
        .unwrap_or_default()
}

fn share(part: usize, whole: usize) -> f64 {
    float(part) / float(whole.max(1))
}

#[expect(clippy::cast_precision_loss, reason = "counts of queries and places are small")]
fn float(count: usize) -> f64 {
    count as f64
}

/// Marsaglia's xorshift: the same numbers in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap_or_default() % bound.max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(groups: &[&[&str]]) -> Query {
        let groups = groups.iter().map(|group| group.iter().map(|id| (*id).to_owned()).collect()).collect();
        Query { id: "q".into(), text: String::new(), groups }
    }

    fn answer(places: &[&str]) -> Answer {
        let places = places.iter().map(|id| vec![(*id).to_owned()]).collect();
        Answer { setting: "default".into(), query: "q".into(), places, micros: 1.0 }
    }

    #[test]
    fn measures_are_those_of_a_hand_count() {
        let query = query(&[&["a", "b"], &["c"]]);
        let answer = answer(&["x", "b", "a", "c"]);
        assert!((recall(&query, &answer, 3) - 0.5).abs() < 1e-12);
        assert!((recall(&query, &answer, 4) - 1.0).abs() < 1e-12);
        // Places 2 and 4 against places 1 and 2.
        let by_hand = (1.0 / 3.0_f64.log2() + 1.0 / 5.0_f64.log2()) / (1.0 + 1.0 / 3.0_f64.log2());
        assert!((gain(&query, &answer) - by_hand).abs() < 1e-12);
        let servers = [("a", "s"), ("b", "t"), ("c", "s"), ("x", "s"), ("y", "u")];
        let servers = servers.map(|(id, server)| (id.to_owned(), server.to_owned())).into();
        let set = Loaded { queries: vec![query.clone()], tools: Vec::new(), servers };
        assert!(wrong_sibling(&set, &query, &answer) > 0.5);
        assert!(wrong_sibling(&set, &query, &self::answer(&["y"])) < 0.5);
        assert!(wrong_sibling(&set, &query, &self::answer(&["a"])) < 0.5);
    }

    #[test]
    fn intervals_hold_the_mean_and_shrink_with_the_sample() {
        let few = estimate(&[0.0, 1.0, 1.0, 0.0]);
        let many = estimate(&[0.0, 1.0].repeat(200));
        assert!(few.low <= few.mean && few.mean <= few.high && (few.mean - 50.0).abs() < 1e-9);
        assert!(many.high - many.low < few.high - few.low && many.high > many.low);
    }

    #[test]
    fn a_missing_answer_is_an_error() {
        let set = Loaded { queries: vec![query(&[&["a"]])], tools: Vec::new(), servers: Default::default() };
        assert!(Measures::of(&set, &[]).is_err());
    }
}
