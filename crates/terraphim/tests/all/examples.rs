//! The programs of the `examples` folder over its notes, and what a run says of itself.

use serde_json::Value;

use crate::place::Place;

const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples");

fn example(place: &Place, program: &str, more: &[&str]) -> crate::place::Ended {
    let program = format!("{EXAMPLES}/{program}");
    let settings = format!("{EXAMPLES}/terraphim.toml");
    place.terraphim(&[&["run", &program, "--config", &settings], more].concat())
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("not a count: {value}"))
}

#[test]
fn patterns_are_analysed_and_the_report_agrees_with_the_outcome() {
    let place = Place::new();
    let reported = example(&place, "analyze_patterns.ts", &["--report"]);
    let result = reported.json();
    assert!(number(&result["total"]) >= 1, "{result}");
    let topics = result["topics"].as_array().expect("topics");
    assert!(topics.iter().any(|topic| topic == "rust-async"), "{result}");
    assert_eq!(result["top_doc"]["rank"], 1, "{result}");

    let outcome = example(&place, "analyze_patterns.ts", &["--json"]).outcome(0);
    assert_eq!(outcome["result"], result, "the same program gives the same result");
    if place.has_python() {
        assert_eq!(example(&place, "analyze_patterns.py", &[]).json(), result, "in Python too");
    }
    let account = &outcome["tokens"];
    let table = reported.err.as_str();
    for line in ["code mode", "all definitions", "used servers", "tool-search loop"] {
        assert!(table.lines().any(|row| row.starts_with(line)), "{line}: {table}");
    }
    let paid = &account["paid"];
    let summary = format!(
        "paid {}: face {}, definitions {}, program {}, outcome {}",
        paid["total"], paid["face"], paid["definitions"], paid["program"], paid["outcome"]
    );
    assert!(table.replace(',', "").contains(&summary.replace(',', "")), "{summary}\n{table}");
}

#[test]
fn an_outcome_has_every_field() {
    let place = Place::new();
    let outcome = example(&place, "analyze_patterns.ts", &["--json"]).outcome(0);
    let run_id = outcome["run_id"].as_str().and_then(|id| id.strip_prefix("run_")).expect("an id");
    assert!(run_id.len() == 32 && run_id.chars().all(|c| c.is_ascii_hexdigit()), "{run_id}");
    assert_eq!(outcome["logs"], "");
    assert_eq!(outcome["files"], Value::Array(Vec::new()));
    assert_eq!(outcome["wall"]["name"], "process");
    assert_eq!(outcome.get("error"), None);
    let usage = &outcome["usage"];
    assert_eq!(usage["tool_calls"], 1);
    for field in ["wall_ms", "cpu_ms", "peak_memory_bytes"] {
        assert!(usage[field].as_f64().is_some_and(|used| used > 0.0), "{field}: {usage}");
    }
    assert!(usage["queue_ms"].as_f64().is_some_and(|waited| waited >= 0.0), "{usage}");
}

#[test]
fn the_account_adds_up() {
    let place = Place::new();
    let outcome = example(&place, "analyze_patterns.ts", &["--json"]).outcome(0);
    let account = &outcome["tokens"];
    assert_eq!(account["tokenizer"], "o200k_base");
    assert_eq!(account["estimated"], false);
    assert_eq!((number(&account["calls"]), number(&account["rounds"])), (1, 1));
    let paid = &account["paid"];
    let parts = ["face", "definitions", "program", "outcome"];
    assert_eq!(number(&paid["total"]), parts.iter().map(|part| number(&paid[part])).sum::<u64>());
    assert!(number(&paid["program"]) > 0 && number(&paid["outcome"]) > 0, "{paid}");
    assert!(number(&account["intermediate_results"]) > number(&paid["outcome"]), "{account}");

    let baselines = account["baselines"].as_array().expect("baselines");
    let names: Vec<_> = baselines.iter().map(|baseline| baseline["name"].as_str().expect("a name")).collect();
    assert_eq!(names, ["all_definitions", "used_servers", "tool_search_loop"]);
    for baseline in baselines {
        for calls in ["sequential", "parallel"] {
            let side = &baseline[calls];
            let replies = number(&account["intermediate_results"]);
            assert!(number(&side["tokens_once"]) > replies, "it reads every reply: {side}");
            assert!(number(&side["tokens_resent"]) > number(&side["tokens_once"]), "{side}");
            assert_saved(&side["saved_percent"], &side["tokens_once"], &paid["total"]);
            assert_saved(&side["saved_resent_percent"], &side["tokens_resent"], &paid["tokens_resent"]);
            assert_saved(&side["saved_cached_percent"], &side["tokens_cached"], &paid["tokens_cached"]);
        }
    }
}

/// (cost - paid) / cost in percent, rounded down to a tenth.
fn assert_saved(percent: &Value, cost: &Value, paid: &Value) {
    let (cost, paid) = (number(cost).cast_signed(), number(paid).cast_signed());
    let expected = ((cost - paid) * 1000).div_euclid(cost);
    let tenths = percent.as_f64().expect("a share") * 10.0;
    assert!((tenths - expected as f64).abs() < 1e-6, "{percent} % of {cost} with {paid} paid");
}

#[test]
fn topics_are_compared_and_the_whole_list_stays_in_the_workspace() {
    let place = Place::new();
    let ended = example(&place, "compare_topics.ts", &[]);
    let result = ended.json();
    let notes = number(&result["notes"]);
    assert!(notes > 10, "{result}");
    assert!(result["best"].as_array().expect("a list").iter().all(|best| best["rank"] == 1), "{result}");
    assert!(result["in_several_answers"].as_array().is_some_and(|list| !list.is_empty()), "{result}");
    let tools = result["tools"].as_array().expect("tools");
    assert!(tools.iter().any(|tool| tool == "terraphim.search"), "{result}");
    let named = ended.err.strip_prefix("kept ").and_then(|line| line.split_once(" (")).expect("a path").0;
    assert!(named.starts_with(&place.workspace().join("data/topics").display().to_string()), "{named}");
    let kept = std::fs::read(named).expect("the list");
    let kept: Vec<Value> = serde_json::from_slice(&kept).expect("a list");
    assert_eq!(kept.len() as u64, notes);
}
