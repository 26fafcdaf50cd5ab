//! `terraphim prompt`: every example that it shows runs as it stands.

use serde_json::Value;
use terraphim_extract::{CodeBlock, extract};

use crate::{first_party, place::Place};

/// A place with the test upstream, and notes for the built-in server.
fn place() -> Place {
    let place = Place::with_servers(&[("up", &[])]);
    first_party::fill(&place);
    place
}

fn prompt(place: &Place, args: &[&str]) -> Value {
    place.terraphim(&[&["prompt", "--json"], args].concat()).json()
}

/// The examples of a prompt, with what stands above each.
fn examples(text: &str) -> Vec<CodeBlock> {
    let from = text.find("\n## Examples").expect("examples");
    extract(&text[from..])
}

fn runs_its_examples(place: &Place, language: &str, task: Option<&str>) -> Vec<Value> {
    let task: Vec<&str> = task.iter().flat_map(|task| ["--task", task]).collect();
    let shown = prompt(place, &[&["--lang", language, "--budget", "4000"], task.as_slice()].concat());
    let text = shown["text"].as_str().expect("a text");
    assert_eq!(shown["left_out"], serde_json::json!([]), "{text}");
    let examples = examples(text);
    assert_eq!(examples.len(), 4, "{text}");
    let run = |example: &CodeBlock| {
        let ended = place.terraphim_reading(&["run", "-", "--lang", language], &example.code);
        assert!(ended.status.success(), "{language}: {}\n{}", example.code, ended.err);
        // Advice on a program would be a warning of what is wrong with it.
        assert!(!ended.err.contains("warning"), "{language}: {}\n{}", example.code, ended.err);
        ended.json()
    };
    examples.iter().map(run).collect()
}

/// What the examples for the task of listing give, in every language alike.
fn lists(place: &Place, language: &str) {
    let results = runs_its_examples(place, language, Some("list items, add numbers"));
    let filtered = serde_json::json!({ "all": 1, "kept": 1, "first": ["item 0"] });
    assert_eq!(results[1], filtered, "{language}");
    assert_eq!(results[0], results[3], "{language}: the call that is guarded is the one that is not");
    let parallel = serde_json::json!([{ "id": 0, "label": "item 0" }]);
    assert!(results[2].to_string().contains(&parallel.to_string()), "{language}: {}", results[2]);
}

#[test]
fn examples_in_typescript_javascript_and_node_run() {
    let place = place();
    lists(&place, "typescript");
    lists(&place, "javascript");
    if place.has_node() {
        lists(&place, "node");
    }
    runs_its_examples(&place, "typescript", None);
}

#[test]
fn examples_in_python_run() {
    let place = place();
    if place.has_python() {
        lists(&place, "python");
        runs_its_examples(&place, "python", Some("echo"));
    }
}

#[test]
fn examples_in_bash_run() {
    let place = place();
    if place.has_bash() {
        lists(&place, "bash");
        runs_its_examples(&place, "bash", Some("echo"));
    }
}

#[test]
fn examples_in_rust_run() {
    let place = place();
    if place.has_rust() {
        lists(&place, "rust");
    }
}

#[test]
fn a_task_chooses_the_tools_and_a_budget_cuts_whole_parts() {
    let place = place();
    let all = prompt(&place, &["--task", "add two numbers", "--budget", "4000"]);
    let text = all["text"].as_str().expect("a text");
    let tools = text.split("## Tools").nth(1).expect("tools");
    assert!(tools.lines().nth(4).is_some_and(|line| line.starts_with("up.add(")), "{tools}");
    assert!(text.contains("13 tools") || text.contains("`up` (13)"), "{text}");
    assert!(text.contains("tokens to write so") && text.ends_with("> add two numbers\n"), "{text}");
    let mut before = all["tokens"].as_u64().expect("tokens");
    for budget in [1_000_u64, 700, 500, 350, 250] {
        let shown = prompt(&place, &["--task", "add two numbers", "--budget", &budget.to_string()]);
        let tokens = shown["tokens"].as_u64().expect("tokens");
        assert!(tokens <= budget && tokens <= before, "{tokens} of {budget}");
        let text = shown["text"].as_str().expect("a text");
        assert!(text.contains("\nup.add("), "the tool for the task is never left out: {text}");
        before = tokens;
    }
    let refused = place.terraphim(&["prompt", "--budget", "50"]);
    assert!(
        refused.failure(1).starts_with("error: a prompt of 50 tokens is too short: the least"),
        "{}",
        refused.err
    );
    let none = prompt(&place, &["--task", "zzzzqqqq", "--budget", "4000"]);
    assert!(
        none["text"].as_str().is_some_and(|text| text.contains("No tool fits the words of the task")),
        "{none}"
    );
}

#[test]
fn a_tool_that_changes_something_is_marked_and_denied() {
    let place = Place::new();
    let definition = serde_json::json!({ "tool": { "name": "erase", "inputSchema": { "type": "object" } } });
    place.file("tools.jsonl", definition.to_string());
    let file = place.project("tools.jsonl");
    let entry = place.server("up", &["--definitions", file.to_str().expect("a path")]);
    place.file(".mcp.json", serde_json::json!({ "mcpServers": { "up": entry } }).to_string());
    let shown = prompt(&place, &["--task", "erase", "--budget", "4000"]);
    let text = shown["text"].as_str().expect("a text");
    assert!(text.contains("up.erase(): Promise<unknown>  // denied\n"), "{text}");
    for words in ["Each is denied by policy", "Each tool for the task is denied: these show the form"] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let allowed = place.terraphim(&["prompt", "--task", "erase", "--budget", "4000", "--allow", "up.*"]);
    assert!(!allowed.success().contains("denied by policy"), "{}", allowed.out);
    assert!(
        allowed.out.contains("## Examples\n\nThe tools for the task change something"),
        "{}",
        allowed.out
    );
    // Its examples use tools that change nothing, as there are some.
    assert!(!text.split("## Examples").nth(1).expect("examples").contains("erase("), "{text}");
}
