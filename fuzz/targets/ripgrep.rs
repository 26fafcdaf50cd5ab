//! Lines of `rg --json`, read as a whole, one by one, and by another reader.

#![no_main]

use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use libfuzzer_sys::{Corpus, fuzz_target};
use serde_json::Value;
use terraphim_kg::{RipgrepError, RipgrepMessage, read_ripgrep};

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::RequireNone)
        .with_decode_allow_trailing_bits(true),
);

fuzz_target!(|data: &[u8]| -> Corpus {
    let Ok(text) = std::str::from_utf8(data) else { return Corpus::Reject };
    let lines: Vec<(usize, &str)> =
        (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()).collect();
    match read_ripgrep(text) {
        Ok(messages) => {
            assert_eq!(messages.len(), lines.len());
            for (message, (_, line)) in messages.iter().zip(&lines) {
                assert_eq!(read_ripgrep(line).ok().as_deref(), Some(std::slice::from_ref(message)));
                check_message(message, line);
            }
            let shown = serde_json::to_string(&messages).expect("messages are JSON");
            // A byte that is not UTF-8 becomes three, and a control character six.
            assert!(shown.len() <= text.len() * 6 + messages.len() * 512 + 2, "{shown}");
        }
        Err(RipgrepError::Line { line, .. } | RipgrepError::Base64 { line }) => {
            let (before, rest): (Vec<_>, Vec<_>) = lines.iter().partition(|(number, _)| *number < line);
            assert!(before.iter().all(|(_, line)| read_ripgrep(line).is_ok()), "the first bad line is named");
            assert!(
                rest.first().is_some_and(|(number, text)| *number == line && read_ripgrep(text).is_err())
            );
        }
        Err(other) => panic!("so few bytes are never {other}"),
    }
    Corpus::Keep
});

fn check_message(message: &RipgrepMessage, line: &str) {
    // Texts of members that nobody reads may hold half of a surrogate pair.
    let Ok(value) = serde_json::from_str::<Value>(line) else { return };
    let data = &value["data"];
    let mut submatches = data["submatches"].as_array().into_iter().flatten();
    if !value.is_object() || !data.is_object() || !submatches.all(Value::is_object) {
        // Members that are told by their places alone.
        return;
    }
    let kind = match message {
        RipgrepMessage::Begin { path } => {
            check_path(path.as_deref(), data);
            "begin"
        }
        RipgrepMessage::End { path, .. } => {
            check_path(path.as_deref(), data);
            "end"
        }
        RipgrepMessage::Match(found) | RipgrepMessage::Context(found) => {
            check_path(found.path.as_deref(), data);
            assert_eq!(Some(found.text.clone()), text(&data["lines"]));
            assert_eq!(found.line_number, data["line_number"].as_u64());
            assert_eq!(found.absolute_offset, data["absolute_offset"].as_u64().unwrap_or_default());
            let listed = data["submatches"].as_array().map(Vec::as_slice).unwrap_or_default();
            assert_eq!(found.matches.len(), listed.len());
            for (one, listed) in found.matches.iter().zip(listed) {
                assert_eq!(Some(one.text.clone()), text(&listed["match"]));
                assert_eq!(Some(one.bytes.start), listed["start"].as_u64());
                assert_eq!(Some(one.bytes.end), listed["end"].as_u64());
            }
            if matches!(message, RipgrepMessage::Match(_)) { "match" } else { "context" }
        }
        _ => "summary",
    };
    assert_eq!(value["type"], kind);
}

fn check_path(path: Option<&str>, data: &Value) {
    assert_eq!(path.map(str::to_owned), text(&data["path"]));
}

/// A text of ripgrep as another decoder of base64 reads it.
fn text(wire: &Value) -> Option<String> {
    if let Some(text) = wire["text"].as_str() {
        return Some(text.to_owned());
    }
    let bytes = BASE64.decode(wire["bytes"].as_str()?.trim_end_matches('=')).expect("base64");
    Some(String::from_utf8_lossy(&bytes).into_owned())
}
