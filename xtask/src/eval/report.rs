//! The tables that are printed, and the promises of time and memory.

use serde_json::Value;

use super::{
    measure::{Answer, Estimate, Measures, percentile},
    sets::Set,
};
use crate::error::Error;

/// What an index of about 10,000 tools may cost.
const MAX_INDEX_MILLIS: f64 = 1_500.0;
const MAX_INDEX_BYTES: f64 = 60e6;
const MAX_QUERY_MICROS: f64 = 5_000.0;
const MAX_UPDATE_MICROS: f64 = 20_000.0;

/// One table of all sets; intervals hold 95 of 100.
pub(super) fn table(rows: &[(Set, Vec<(String, Measures)>)]) {
    println!(
        "| set | search | recall@1 | recall@5 | recall@10 | nDCG@10 | wrong sibling | p50 | p95 |\n\
         | --- | --- | --- | --- | --- | --- | --- | --- | --- |"
    );
    for (set, compared) in rows {
        for (search, measures) in compared {
            let recall = measures.recall.map(shown).join(" | ");
            let sibling = measures.wrong_sibling.map_or_else(|| "-".to_owned(), shown);
            let (median, high) = measures.micros;
            println!(
                "| {} | {search} | {recall} | {} | {sibling} | {:.2} ms | {:.2} ms |",
                set.name,
                shown(measures.gain),
                median / 1e3,
                high / 1e3
            );
        }
    }
}

pub(super) fn shown(estimate: Estimate) -> String {
    format!("{:.1} ({:.1} to {:.1})", estimate.mean, estimate.low, estimate.high)
}

/// Prints what the index of a large set costs; gives the promises that are not kept.
pub(super) fn costs(costs: &Value, answers: &[Answer]) -> Result<Vec<String>, Error> {
    let number = |key: &str| {
        let complaint = || format!("it says nothing of `{key}`");
        costs
            .get(key)
            .and_then(Value::as_f64)
            .ok_or_else(|| Error::Unreadable { what: "discovery_runs".to_owned(), complaint: complaint() })
    };
    let updates = costs.get("update_micros").and_then(Value::as_array).into_iter().flatten();
    let mut updates: Vec<f64> = updates.filter_map(Value::as_f64).collect();
    let mut queries: Vec<f64> = answers.iter().map(|answer| answer.micros).collect();
    println!("{} tools of {} servers", number("tools")?, number("servers")?);
    let promises = [
        ("index, ms", number("index_millis")?, MAX_INDEX_MILLIS, 1.0),
        ("memory, MB", number("index_bytes")?, MAX_INDEX_BYTES, 1e6),
        ("query, p95, ms", percentile(&mut queries, 95), MAX_QUERY_MICROS, 1e3),
        ("update of one server, median, ms", percentile(&mut updates, 50), MAX_UPDATE_MICROS, 1e3),
        ("update of one server, p95, ms", percentile(&mut updates, 95), MAX_UPDATE_MICROS, 1e3),
    ];
    let mut findings = Vec::new();
    for (what, value, most, unit) in promises {
        println!("  {what}: {:.1} (at most {:.1})", value / unit, most / unit);
        if value > most {
            findings.push(format!("{what}: {:.1} instead of at most {:.1}", value / unit, most / unit));
        }
    }
    println!();
    Ok(findings)
}
