//! What a program logs, cut to a budget.
//!
//! The input is a budget of two bytes and then pieces of log that end with a
//! zero byte, each with its level as the first byte.

#![no_main]

use libfuzzer_sys::fuzz_target;
use terraphim_sandbox::{Logs, fuzzing::log};
use terraphim_sandbox_protocol::LogLevel;

/// What the notes about missing lines and bytes may add, in bytes.
const NOTES: usize = 128;

fuzz_target!(|data: &[u8]| {
    let Some((budget, rest)) = data.split_first_chunk() else { return };
    let budget = usize::from(u16::from_le_bytes(*budget)) % 2048;
    let mut logs = Logs::with_budget(budget);
    let mut line_by_line = Logs::with_budget(budget);
    let mut expected = String::new();
    let mut longest = 0;
    for piece in rest.split(|byte| *byte == 0) {
        let Some((level, text)) = piece.split_first() else { continue };
        let (level, mark) = match level % 4 {
            0 => (LogLevel::Debug, ""),
            1 => (LogLevel::Info, ""),
            2 => (LogLevel::Warn, "[warn] "),
            _ => (LogLevel::Error, "[error] "),
        };
        let text = String::from_utf8_lossy(text);
        log(&mut logs, level, &text);
        for line in text.split('\n') {
            log(&mut line_by_line, level, line);
            expected.push_str(mark);
            expected.push_str(line);
            expected.push('\n');
            longest = longest.max(mark.len() + line.len());
        }
    }
    let text = logs.text();
    assert_eq!(text, logs.text());
    assert_eq!(text, line_by_line.text(), "how lines are sent changes nothing");
    assert!(text.len() <= budget + NOTES, "{} bytes of {budget}", text.len());
    assert!(text.is_empty() || text.ends_with('\n'));
    let shown = text.matches('\n').count() as u64 - u64::from(logs.dropped_lines() > 0);
    assert_eq!(
        shown + logs.dropped_lines(),
        expected.matches('\n').count() as u64,
        "no line is lost uncounted"
    );
    if longest <= budget / 2 && logs.dropped_lines() == 0 {
        assert_eq!(text, expected);
    }
});
