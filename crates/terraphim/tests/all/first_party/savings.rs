//! What the worked example takes: time from a cold start, and tokens.

use std::{collections::HashSet, fs, path::Path, time::Duration};

use serde_json::{Value, json};

use super::{EXAMPLES, fill};
use crate::place::{Ended, Place};

/// Definitions of real servers, where they lie beside the project.
const REAL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/upstream/tools.jsonl");

/// How many tools the catalogue holds beside the built-in ones and the test upstream's own.
const TOOLS: usize = 500;

/// The program's own promise: it is to end within this time, from nothing.
const COLD: Duration = Duration::from_secs(3);

#[test]
fn the_worked_example_is_quick_and_saves_tokens() {
    let place = Place::with_servers(&[]);
    fill(&place);
    let catalogue = place.path("catalogue.jsonl");
    fs::write(&catalogue, definitions()).expect("written");
    let flags = ["--definitions", catalogue.to_str().expect("a path in UTF-8")];
    place.file(".mcp.json", json!({ "mcpServers": { "many": place.server("many", &flags) } }).to_string());
    place.file("topic_map.ts", fs::read(Path::new(EXAMPLES).join("topic_map.ts")).expect("the example"));

    let cold = coldest(&place);
    let result = cold.json();
    assert!(result["notes"].as_u64().is_some_and(|notes| notes > 10), "{result}");
    assert!(result["concepts"]["rust-async"].as_u64().is_some_and(|count| count > 5), "{result}");

    // The catalogue is known from here on.
    let listed = place.terraphim(&["tools", "list", "--json"]).json();
    let known: usize = listed["servers"]
        .as_array()
        .expect("servers")
        .iter()
        .map(|server| server["tools"].as_array().map_or(0, Vec::len))
        .sum();
    assert!(known >= TOOLS + 17, "{known}");
    let outcome = place.terraphim(&["run", "topic_map.ts", "--json"]).outcome(0);
    let account = &outcome["tokens"];
    let saved = |name: &str, calls: &str| {
        let baselines = account["baselines"].as_array().expect("baselines");
        let baseline = baselines.iter().find(|baseline| baseline["name"] == name).expect("a baseline");
        baseline[calls]["saved_percent"].as_f64().expect("a share")
    };
    let figures = json!({
        "cold_ms": cold.took.as_millis() as u64,
        "paid": account["paid"]["total"],
        "calls": account["calls"],
        "tools": known,
        "saved_of_used_server_percent": saved("used_servers", "parallel"),
        "saved_of_catalogue_percent": saved("all_definitions", "parallel"),
        "saved_of_search_loop_percent": saved("tool_search_loop", "parallel"),
    });
    println!("{figures}");
    for calls in ["sequential", "parallel"] {
        assert!(saved("used_servers", calls) > 80.0, "{figures}");
        assert!(saved("all_definitions", calls) >= 98.0, "{figures}");
    }
    assert!(cold.took < COLD, "{figures}");
}

/// The first of all runs: no index, no cache. On a busy machine the best of three says
/// what it takes.
fn coldest(place: &Place) -> Ended {
    let run = || {
        let _ = fs::remove_dir_all(place.path("cache"));
        place.terraphim(&["run", "topic_map.ts"])
    };
    let more = (0..2).map(|_| run());
    std::iter::once(run()).chain(more).find(|ended| ended.took < COLD).unwrap_or_else(run)
}

/// 500 tools: those of real servers, else as many of their usual size.
fn definitions() -> String {
    match fs::read_to_string(REAL) {
        Ok(real) => {
            let mut names = HashSet::new();
            let distinct = real.lines().filter(|line| names.insert(name(line)));
            distinct.take(TOOLS).map(|line| format!("{line}\n")).collect()
        }
        Err(_) => (0..TOOLS).map(|number| format!("{}\n", json!({ "tool": usual(number) }))).collect(),
    }
}

fn name(line: &str) -> Value {
    let line: Value = serde_json::from_str(line).expect("a line of JSON");
    line["tool"]["name"].clone()
}

/// A tool of about 900 characters, somewhat less than the median of real ones.
fn usual(number: usize) -> Value {
    let parameter = |name: &str, about: &str| {
        let about =
            format!("{about} Used by operation {number} to tell records of {name} apart from each other.");
        (format!("{name}_{number}"), json!({ "type": "string", "description": about }))
    };
    let properties: serde_json::Map<_, _> = [
        parameter("project", "The identifier or the path of the project, as it stands in its address."),
        parameter("filter", "An expression that records have to fulfil, in the syntax of the search page."),
        parameter("order", "The field by which records are sorted, with a leading minus for descending."),
        parameter("cursor", "The position after which the page begins, as the call before gave it."),
    ]
    .into_iter()
    .collect();
    json!({
        "name": format!("list_records_{number}"),
        "description": "Lists the records of a project by pages, with their labels, their owners and their states.",
        "inputSchema": { "type": "object", "properties": properties, "required": [format!("project_{number}")] },
    })
}
