//! The last word of a run's process, as it reaches a model.
//!
//! The input is one byte for the kind of the ending, one for the budget, one
//! for how often texts are repeated, and then a result, or a line, a column and
//! texts that end with zero bytes.

#![no_main]

use std::{fs, sync::Arc};

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use terraphim_code_execution::{ErrorKind, Outcome, Workspace, fuzzing::outcome};
use terraphim_fuzz::{fresh_folder, remove};
use terraphim_sandbox::{Ending, Failure, FailureKind, Jail, Layers, Logs, RunEnd, Usage};
use terraphim_types::{Limits, OutputBudget};

/// What an outcome may add to a result's budget: the preview with every byte escaped, and the note.
const PREVIEW: usize = 13 << 10;

/// Longest error that may reach a model, in bytes.
const ERROR: usize = 50 << 10;

fuzz_target!(|data: &[u8]| {
    let Some((&[kind, budget, times], rest)) = data.split_first_chunk() else { return };
    let budget = OutputBudget { result_bytes: usize::from(budget) * 4, log_bytes: 64 };
    let mut parts = rest.split(|byte| *byte == 0).map(|text| String::from_utf8_lossy(text).into_owned());
    let mut part = |times: usize| parts.next().unwrap_or_default().repeat(times);
    let (ending, source) = match kind % 8 {
        0..=3 => (Ending::Result(rest.to_vec()), String::new()),
        4 => {
            let place = part(1);
            let mut numbers = place.split(',').map(|number| number.trim().parse().unwrap_or(u32::MAX));
            let failure = Failure {
                kind: FailureKind::Runtime,
                line: numbers.next().unwrap_or_default(),
                column: numbers.next().unwrap_or_default(),
                message: part(usize::from(times) * 16),
                hint: part(usize::from(times) * 16),
                stack: part(usize::from(times) * 16),
            };
            (Ending::Failed(failure), part(usize::from(times)))
        }
        5 => (Ending::Crashed { started: times % 2 == 0, signal: i32::from(times) }, String::new()),
        6 => (Ending::TooManyCalls { limit: u32::from(times) }, String::new()),
        _ => (Ending::Protocol(None), String::new()),
    };
    check(ending, &source, budget, rest);
});

fn check(ending: Ending, source: &str, budget: OutputBudget, given: &[u8]) {
    let folder = fresh_folder();
    let workspace = Workspace::new(folder.clone(), 2048, 4);
    let is_result = matches!(ending, Ending::Result(_));
    let end = RunEnd {
        ending,
        logs: Logs::with_budget(budget.log_bytes),
        usage: Usage::default(),
        jail: Arc::new(Jail { layers: Layers::default(), reduced: String::new() }),
        written: None,
    };
    let outcome = outcome(end, source, &Limits::default(), budget, &workspace);
    let told = serde_json::to_string(&outcome).expect("an outcome is JSON");
    let read: Outcome = serde_json::from_str(&told).expect("an outcome can be read");
    assert_eq!(serde_json::to_string(&read).expect("JSON"), told);

    let shown = outcome.result_json();
    assert!(shown.len() <= budget.result_bytes.max(PREVIEW), "{} bytes are shown", shown.len());
    if let Some(error) = &outcome.error {
        assert_eq!(outcome.result, Value::Null, "what failed has no result");
        assert!(error.render("p.ts").len() <= ERROR, "{} bytes of error", error.render("p.ts").len());
        assert!(!error.message.is_empty() || error.kind == ErrorKind::Runtime);
        if let Some(snippet) = &error.snippet {
            assert_eq!(snippet.lines().count(), 2, "{snippet:?}");
        }
    } else if is_result {
        check_result(&outcome, given, budget);
    }
    for file in &outcome.files {
        let bytes = fs::read(folder.join(&file.path)).expect("a file that is named exists");
        assert_eq!(bytes, given, "what is kept is kept whole");
        assert_eq!(file.bytes, bytes.len() as u64);
    }
    remove(&folder);
}

fn check_result(outcome: &Outcome, given: &[u8], budget: OutputBudget) {
    if outcome.files.is_empty() {
        assert!(outcome.result_json().len() <= budget.result_bytes, "numbers may be written longer");
        assert!(given.len() <= budget.result_bytes);
        let whole: Value = serde_json::from_slice(given).expect("what is shown whole is JSON");
        assert_eq!(outcome.result, whole);
        return;
    }
    assert_eq!(outcome.result.get("truncated"), Some(&Value::Bool(true)));
    let preview = outcome.result.get("preview").and_then(Value::as_str).expect("a preview");
    assert!(String::from_utf8_lossy(given).starts_with(preview.trim_end_matches('\u{fffd}')));
}
