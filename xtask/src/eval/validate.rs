//! Cross-validation of the weights: for each set the setting is chosen that is
//! best on the other sets, and told is what it gives on the one left out.

use std::{collections::BTreeMap, path::Path};

use super::{
    ask,
    measure::{Answer, recall},
    sets::{self, SETS},
};
use crate::error::Error;

/// Where recall is looked at.
const AT: usize = 5;

/// The settings that are compared: the default ones with one or two weights changed.
const SETTINGS: &[&str] = &[
    "synonym=0",
    "synonym=0.3",
    "synonym=0.5",
    "name_coverage=0",
    "name_coverage=0.7",
    "name_coverage=1.5",
    "name_power=1",
    "name_power=3",
    "action=0",
    "action=0.05",
    "action=0.2",
    "server=0",
    "server=0.05",
    "server=0.2",
    "server=0.3",
    "sentence=0",
    "sentence=0.3",
    "sentence=0.8",
    "file=0",
    "file=0.3",
    "file=0.9",
    "correction=0",
    "correction=0.4",
    "saturation=1",
    "saturation=2",
    "lengths=0.5",
    "lengths=1.5",
    "fields.0=0.5",
    "fields.0=2",
    "fields.2=0.5",
    "fields.2=2",
    "fields.3=0.5",
    "fields.3=2",
    "fields.4=0.5",
    "fields.4=2",
    "fields.5=0.5",
    "fields.5=2",
];

/// Prints the score of each setting on each set, and what leaving one set out gives.
pub(super) fn run(folder: &Path) -> Result<(), Error> {
    let settings: Vec<_> = SETTINGS.iter().map(|text| ((*text).to_owned(), (*text).to_owned())).collect();
    let compared: Vec<_> = SETS.iter().collect();
    // By setting, the recall on each set.
    let mut scores: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for set in &compared {
        let loaded = sets::load(folder, set)?;
        let (answers, _) = ask(folder, set, &settings)?;
        let mut by_setting: BTreeMap<&str, Vec<&Answer>> = BTreeMap::new();
        for answer in &answers {
            by_setting.entry(&answer.setting).or_default().push(answer);
        }
        for (setting, answers) in by_setting {
            let recalls = loaded.queries.iter().zip(answers).map(|(query, answer)| recall(query, answer, AT));
            let (sum, count) = recalls.fold((0.0, 0.0), |(sum, count), recall| (sum + recall, count + 1.0));
            scores.entry(setting.to_owned()).or_default().push(100.0 * sum / f64::max(count, 1.0));
        }
    }
    let names: Vec<&str> = compared.iter().map(|set| set.name).collect();
    println!(
        "recall@{AT} in percent\n\n| setting | {} | mean |\n| --- |{}",
        names.join(" | "),
        " --- |".repeat(names.len() + 1)
    );
    for setting in std::iter::once("default").chain(SETTINGS.iter().copied()) {
        let Some(row) = scores.get(setting) else { continue };
        let cells: Vec<_> = row.iter().map(|score| format!("{score:.1}")).collect();
        println!("| {setting} | {} | {:.2} |", cells.join(" | "), mean(row, None));
    }
    println!("\n| left out | chosen by the others | there | default there |\n| --- | --- | --- | --- |");
    for (number, name) in names.iter().enumerate() {
        let best = scores.iter().max_by(|a, b| mean(a.1, Some(number)).total_cmp(&mean(b.1, Some(number))));
        let there = |row: Option<&Vec<f64>>| row.and_then(|row| row.get(number)).copied().unwrap_or_default();
        if let Some((setting, row)) = best {
            println!(
                "| {name} | {setting} | {:.1} | {:.1} |",
                there(Some(row)),
                there(scores.get("default"))
            );
        }
    }
    Ok(())
}

/// The mean over the sets but the one left out.
fn mean(row: &[f64], without: Option<usize>) -> f64 {
    let kept = row.iter().enumerate().filter(|(number, _)| Some(*number) != without);
    let (sum, count) = kept.fold((0.0, 0.0), |(sum, count), (_, score)| (sum + score, count + 1.0));
    sum / f64::max(count, 1.0)
}
