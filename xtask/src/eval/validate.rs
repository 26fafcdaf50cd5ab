//! Choosing the weights, and telling what the choice is worth on queries that had no part in it.
//!
//! Every weight has a few values. From the plainest ones on, each weight in turn takes the value that
//! is best by a certain gain, until none moves; what proves to be worth less than that gain beside the
//! others goes back. That is done five times without a fifth of the queries, which are then asked
//! under what was chosen. Of each weight the median of the five choices is the default.

use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
    thread,
};

use super::{
    ask,
    measure::{gain, recall},
    sets::{self, SETS, Set},
};
use crate::error::Error;

/// Where recall is looked at.
const AT: usize = 5;
/// Into how many parts the queries are divided.
const FOLDS: usize = 5;
/// Most times that each weight has its turn.
const ROUNDS: usize = 4;
/// By how many points a value has to be better than the one before, or than the plain one.
const LEAST_GAIN: f64 = 0.15;
/// How many programs answer for one set at a time.
const AT_ONCE: usize = 2;

/// The weights with their values; the first is where the choice begins.
const GRID: &[(&str, &[&str])] = &[
    ("fields.0", &["1", "0.5", "2", "3"]),
    ("fields.1", &["1", "0", "0.5", "2"]),
    ("fields.3", &["1", "0", "0.5", "2"]),
    ("fields.4", &["1", "0", "0.5", "2"]),
    ("fields.5", &["1", "0", "0.5", "2"]),
    ("length", &["0.3", "0.2", "0.4", "0.5", "0.75"]),
    ("saturation", &["1.2", "0.8", "1.5", "2"]),
    ("synonym", &["0.4", "0", "0.2", "0.6"]),
    ("name_coverage", &["1", "0", "0.5", "1.5"]),
    ("action", &["0.1", "0", "0.2", "0.3"]),
    ("server", &["0.2", "0", "0.1", "0.3"]),
    ("sentence", &["0.5", "0", "0.25", "0.75"]),
    ("file", &["0.5", "0", "0.25", "0.75"]),
    ("correction", &["0.6", "0.4", "0.8"]),
];

/// For each set and query the recall and the nDCG, in the order of the set.
type Scores = Vec<Vec<(f64, f64)>>;

/// The same of one set, by setting.
type OfSet = HashMap<String, Vec<(f64, f64)>>;

/// The value of each weight, by its place in [`GRID`].
type Choice = Vec<usize>;

/// Chooses, and prints the choice of each part, their median, and what they are worth.
pub(super) fn run(folder: &Path) -> Result<(), Error> {
    let mut trials = Trials::new(folder)?;
    let plain: Choice = vec![0; GRID.len()];
    let mut choices = Vec::new();
    let mut left_out: BTreeMap<&str, Vec<Vec<f64>>> = BTreeMap::new();
    println!("| without part | chosen, where it is not the first value |\n| --- | --- |");
    for fold in 0..FOLDS {
        let chosen = trials.choose(&plain, |of| of != fold)?;
        println!("| {} | {} |", fold + 1, changes(&chosen));
        let ways = [("plain", Some(&plain)), ("of the other parts", Some(&chosen)), ("default", None)];
        for (way, choice) in ways {
            let scores = trials.scores(&choice.map_or_else(String::new, setting))?.clone();
            let sums = left_out.entry(way).or_insert_with(|| vec![Vec::new(); SETS.len()]);
            for ((set, recalls), scores) in trials.folds.iter().zip(sums).zip(scores) {
                let kept = set.iter().zip(scores).filter(|(of, _)| **of == fold);
                recalls.extend(kept.map(|(_, (recall, _))| recall));
            }
        }
        choices.push(chosen);
    }
    println!("| median | {} |", changes(&median(&choices)));
    let names: Vec<&str> = SETS.iter().map(|set| set.name).collect();
    println!(
        "\nrecall@{AT} in percent, of each query under weights that were chosen without it, under the plain \
         ones, and under the default\n\n| weights | {} | mean |\n| --- |{}",
        names.join(" | "),
        " --- |".repeat(names.len() + 1)
    );
    for (way, sets) in left_out {
        let means: Vec<f64> = sets.into_iter().map(|recalls| 100.0 * mean(recalls.into_iter())).collect();
        let cells: Vec<_> = means.iter().map(|mean| format!("{mean:.1}")).collect();
        println!("| {way} | {} | {:.2} |", cells.join(" | "), mean(means.iter().copied()));
    }
    Ok(())
}

/// What was asked already, and how it went.
struct Trials<'a> {
    folder: &'a Path,
    /// For each set the part to which each query belongs.
    folds: Vec<Vec<usize>>,
    /// By setting; the empty one is the default.
    known: HashMap<String, Scores>,
}

impl<'a> Trials<'a> {
    fn new(folder: &'a Path) -> Result<Self, Error> {
        let mut folds = Vec::new();
        for set in SETS {
            // By its text, so that a query is in one part wherever it is asked.
            let part = |text: &str| text.bytes().map(usize::from).sum::<usize>() % FOLDS;
            folds.push(sets::load(folder, set)?.queries.iter().map(|query| part(&query.text)).collect());
        }
        Ok(Self { folder, folds, known: HashMap::new() })
    }

    /// The best values by the queries of the parts that count.
    fn choose(&mut self, from: &Choice, counts: impl Fn(usize) -> bool) -> Result<Choice, Error> {
        let mut chosen = from.clone();
        self.ask([chosen.clone()])?;
        let mut best = self.worth(&chosen, &counts)?;
        for _ in 0..ROUNDS {
            let before = chosen.clone();
            for (weight, (_, values)) in GRID.iter().enumerate() {
                let with = |value: usize| {
                    let mut other = chosen.clone();
                    other.iter_mut().skip(weight).take(1).for_each(|it| *it = value);
                    other
                };
                let others: Vec<Choice> = (0..values.len()).map(with).collect();
                self.ask(others.iter().cloned())?;
                for other in others {
                    let worth = self.worth(&other, &counts)?;
                    if worth > best + LEAST_GAIN {
                        (best, chosen) = (worth, other);
                    }
                }
            }
            if chosen == before {
                break;
            }
        }
        for weight in 0..GRID.len() {
            let mut plainer = chosen.clone();
            plainer.iter_mut().skip(weight).take(1).for_each(|it| *it = 0);
            let worth = self.worth(&plainer, &counts)?;
            if worth > best - LEAST_GAIN {
                (best, chosen) = (worth, plainer);
            }
        }
        Ok(chosen)
    }

    /// The mean over the sets of recall and nDCG.
    fn worth(&mut self, choice: &Choice, counts: impl Fn(usize) -> bool) -> Result<f64, Error> {
        let scores = self.scores(&setting(choice))?.clone();
        let of_set = |(folds, scores): (&Vec<usize>, &Vec<(f64, f64)>)| {
            let kept = folds.iter().zip(scores).filter(|(fold, _)| counts(**fold));
            mean(kept.map(|(_, (recall, gain))| f64::midpoint(*recall, *gain)))
        };
        Ok(100.0 * mean(self.folds.iter().zip(&scores).map(of_set)))
    }

    fn scores(&mut self, setting: &str) -> Result<&Scores, Error> {
        if !self.known.contains_key(setting) {
            self.fill(&[setting.to_owned()])?;
        }
        self.known.get(setting).ok_or_else(|| missing(setting))
    }

    /// Asks all that is not yet known at once.
    fn ask(&mut self, choices: impl IntoIterator<Item = Choice>) -> Result<(), Error> {
        let unknown = choices.into_iter().map(|choice| setting(&choice));
        let unknown: Vec<String> = unknown.filter(|setting| !self.known.contains_key(setting)).collect();
        if unknown.is_empty() { Ok(()) } else { self.fill(&unknown) }
    }

    fn fill(&mut self, settings: &[String]) -> Result<(), Error> {
        let folder = self.folder;
        let parts: Vec<&[String]> = settings.chunks(settings.len().div_ceil(AT_ONCE).max(1)).collect();
        let of_parts: Vec<Result<OfSet, Error>> = thread::scope(|scope| {
            let start = |set, part| scope.spawn(move || scored(folder, set, part));
            let pairs = SETS.iter().flat_map(|set| parts.iter().map(move |part| (set, *part)));
            let started: Vec<_> = pairs.map(|(set, part)| start(set, part)).collect();
            let broken = || Err(missing("a set"));
            started.into_iter().map(|part| part.join().unwrap_or_else(|_| broken())).collect()
        });
        let mut asked: HashMap<String, Scores> = HashMap::new();
        for of_part in of_parts {
            for (setting, scores) in of_part? {
                asked.entry(setting).or_default().push(scores);
            }
        }
        self.known.extend(asked);
        Ok(())
    }
}

/// The recall and the nDCG of each query of a set, by setting.
fn scored(folder: &Path, set: &Set, settings: &[String]) -> Result<OfSet, Error> {
    let loaded = sets::load(folder, set)?;
    // The default is asked anyway, under its own name.
    let changed = settings.iter().filter(|setting| !setting.is_empty());
    let changed: Vec<_> = changed.map(|setting| (setting.clone(), setting.clone())).collect();
    let (answers, _) = ask(folder, set, &changed)?;
    let mut scores = OfSet::new();
    for (answer, query) in answers.iter().zip(loaded.queries.iter().cycle()) {
        let setting = if answer.setting == "default" { "" } else { &answer.setting };
        let score = (recall(query, answer, AT), gain(query, answer));
        scores.entry(setting.to_owned()).or_default().push(score);
    }
    scores.retain(|setting, _| settings.contains(setting));
    Ok(scores)
}

/// The middle one of the values that were chosen for each weight.
fn median(choices: &[Choice]) -> Choice {
    let middle = |(weight, (_, values)): (usize, &(&str, &[&str]))| {
        let number = |place: &usize| values.get(*place).and_then(|text| text.parse().ok()).unwrap_or(0.0_f32);
        let mut chosen: Vec<usize> =
            choices.iter().filter_map(|choice| choice.get(weight).copied()).collect();
        chosen.sort_by(|one, other| number(one).total_cmp(&number(other)));
        chosen.get(chosen.len() / 2).copied().unwrap_or_default()
    };
    GRID.iter().enumerate().map(middle).collect()
}

fn missing(what: &str) -> Error {
    let complaint = "there are no answers".to_owned();
    Error::Unreadable { what: format!("`{what}`"), complaint }
}

fn named(choice: &Choice) -> impl Iterator<Item = (usize, String)> {
    GRID.iter()
        .zip(choice)
        .filter_map(|((name, values), value)| Some((*value, format!("{name}={}", values.get(*value)?))))
}

/// As `discovery_runs` reads it.
fn setting(choice: &Choice) -> String {
    named(choice).map(|(_, text)| text).collect::<Vec<_>>().join(",")
}

fn changes(choice: &Choice) -> String {
    named(choice).filter(|(value, _)| *value > 0).map(|(_, text)| text).collect::<Vec<_>>().join(" ")
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    sum / f64::max(count, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_of_values_and_not_of_places() {
        // Of `fields.0` the values 3, 0.5 and 1.
        let choices: Vec<Choice> =
            [3, 1, 0].map(|place| std::iter::once(place).chain(vec![0; GRID.len() - 1]).collect()).into();
        assert_eq!(median(&choices).first(), Some(&0));
    }

    #[test]
    fn a_choice_is_told_as_settings() {
        let mut choice: Choice = vec![0; GRID.len()];
        assert!(setting(&choice).starts_with("fields.0=1,fields.1=1,") && changes(&choice).is_empty());
        if let Some(last) = choice.last_mut() {
            *last = 1;
        }
        assert_eq!(changes(&choice), "correction=0.4");
        for (name, values) in GRID {
            let unique: std::collections::HashSet<_> = values.iter().collect();
            assert!(unique.len() == values.len() && values.len() > 1, "{name}");
        }
    }
}
