//! What the fuzz targets share: changes to JSON that keep it JSON, text made
//! of bytes, what holds of every matcher, and a folder that is empty before each
//! input.

mod json;
mod matching;

use std::{fs, path::PathBuf};

pub use json::{MEANINGS, SCHEMA, mutate};
pub use matching::{LINKS, check_matches, check_replaced};
use serde_json::Value;

/// The input as JSON, or nothing.
pub fn document(data: &[u8]) -> Option<Value> {
    serde_json::from_slice(data).ok()
}

/// The text at `key`, if there is one.
pub fn text_at<'v>(document: &'v Value, key: &str) -> Option<&'v str> {
    document.get(key).and_then(Value::as_str)
}

/// The elements of the list at `key`.
pub fn list_at<'v>(document: &'v Value, key: &str) -> &'v [Value] {
    document.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// A folder of this process that does not exist yet.
pub fn fresh_folder() -> PathBuf {
    let folder = std::env::temp_dir().join(format!("terraphim-fuzz-{}", std::process::id()));
    remove(&folder);
    folder
}

/// Removes what an input left behind.
pub fn remove(folder: &PathBuf) {
    if folder.exists() {
        fs::remove_dir_all(folder).expect("a folder of our own can be removed");
    }
}

/// The lines of a program, which end where the language says.
pub fn lines(source: &str) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut rest = source;
    while let Some(at) = rest.find(['\n', '\r', '\u{2028}', '\u{2029}']) {
        let (line, end) = rest.split_at(at);
        lines.push(line);
        let length = if end.starts_with("\r\n") { 2 } else { end.chars().next().map_or(0, char::len_utf8) };
        rest = &end[length..];
    }
    lines.push(rest);
    lines
}

/// Asserts that text can be shown on one line.
#[track_caller]
pub fn assert_one_line(text: &str, most_chars: usize) {
    assert!(text.chars().count() <= most_chars, "{} characters: {text}", text.chars().count());
    assert!(!text.contains(['\n', '\r']), "{text:?}");
}
