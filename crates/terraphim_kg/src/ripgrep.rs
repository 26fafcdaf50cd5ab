//! The lines that `rg --json` writes.

use std::ops::Range;

use serde::{Deserialize, Serialize};

/// Most bytes that are read.
pub const MAX_RIPGREP_BYTES: usize = 64 << 20;

/// Why lines could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RipgrepError {
    /// There is too much of it.
    #[error("the lines have {bytes} bytes, the limit is {MAX_RIPGREP_BYTES}: search in fewer files")]
    TooLong {
        /// How many there are.
        bytes: usize,
    },
    /// A line is not a message of ripgrep.
    #[error("line {line} is not a message of `rg --json`")]
    Line {
        /// Which, from 1.
        line: usize,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// A line has bytes that are not base64.
    #[error("line {line} has `bytes` that are not base64")]
    Base64 {
        /// Which, from 1.
        line: usize,
    },
}

/// One message. Paths and texts that are not UTF-8 have the replacement
/// character where they are not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
#[non_exhaustive]
pub enum RipgrepMessage {
    /// A file in which something will be found.
    Begin {
        /// Its path; none for standard input.
        path: Option<String>,
    },
    /// Lines in which something was found.
    Match(RipgrepLine),
    /// Lines around them.
    Context(RipgrepLine),
    /// The file's end.
    End {
        /// Its path; none for standard input.
        path: Option<String>,
        /// How many lines matched, where it is told.
        matched_lines: Option<u64>,
    },
    /// The end of it all.
    Summary {
        /// In how many files something was found, where it is told.
        searches_with_match: Option<u64>,
        /// How many lines matched, where it is told.
        matched_lines: Option<u64>,
    },
}

/// Lines of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RipgrepLine {
    /// The file's path; none for standard input.
    pub path: Option<String>,
    /// The lines.
    pub text: String,
    /// The first line's number, from 1, if numbers were asked for.
    pub line_number: Option<u64>,
    /// Where the first line begins in the file, in bytes.
    pub absolute_offset: u64,
    /// What was found in the lines.
    pub matches: Vec<RipgrepMatch>,
}

/// Something found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RipgrepMatch {
    /// The text found.
    pub text: String,
    /// Where it stands in the lines as they are in the file, in bytes.
    pub bytes: Range<u64>,
}

/// Reads the lines that `rg --json` wrote; empty lines are passed over.
///
/// ```
/// let line = r#"{"type":"begin","data":{"path":{"text":"a.md"}}}"#;
/// let messages = terraphim_kg::read_ripgrep(line)?;
/// assert_eq!(messages, [terraphim_kg::RipgrepMessage::Begin { path: Some("a.md".into()) }]);
/// # Ok::<(), terraphim_kg::RipgrepError>(())
/// ```
///
/// # Errors
/// Every variant of [`RipgrepError`].
pub fn read_ripgrep(lines: &str) -> Result<Vec<RipgrepMessage>, RipgrepError> {
    if lines.len() > MAX_RIPGREP_BYTES {
        return Err(RipgrepError::TooLong { bytes: lines.len() });
    }
    let numbered = (1..).zip(lines.lines()).filter(|(_, line)| !line.trim().is_empty());
    numbered
        .map(|(line, text)| {
            let wire: Wire =
                serde_json::from_str(text).map_err(|source| RipgrepError::Line { line, source })?;
            message(wire).ok_or(RipgrepError::Base64 { line })
        })
        .collect()
}

#[derive(Deserialize)]
#[serde(tag = "type", content = "data", rename_all = "lowercase")]
enum Wire {
    Begin(WireFile),
    Match(WireLine),
    Context(WireLine),
    End(WireFile),
    Summary(WireFile),
}

#[derive(Deserialize)]
struct WireFile {
    #[serde(default)]
    path: Option<WireText>,
    #[serde(default)]
    stats: Option<WireStats>,
}

#[derive(Deserialize)]
struct WireStats {
    #[serde(default)]
    searches_with_match: Option<u64>,
    #[serde(default)]
    matched_lines: Option<u64>,
}

#[derive(Deserialize)]
struct WireLine {
    path: Option<WireText>,
    lines: WireText,
    line_number: Option<u64>,
    #[serde(default)]
    absolute_offset: u64,
    #[serde(default)]
    submatches: Vec<WireMatch>,
}

#[derive(Deserialize)]
struct WireMatch {
    #[serde(rename = "match")]
    found: WireText,
    start: u64,
    end: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum WireText {
    Text(String),
    Bytes(String),
}

fn message(wire: Wire) -> Option<RipgrepMessage> {
    let path = |path: Option<WireText>| path.map(text).map_or(Some(None), |read| read.map(Some));
    let lines = |line: WireLine| {
        let matches = line
            .submatches
            .into_iter()
            .map(|one| Some(RipgrepMatch { text: text(one.found)?, bytes: one.start..one.end }));
        Some(RipgrepLine {
            path: path(line.path)?,
            text: text(line.lines)?,
            line_number: line.line_number,
            absolute_offset: line.absolute_offset,
            matches: matches.collect::<Option<_>>()?,
        })
    };
    let matched_lines = |stats: &Option<WireStats>| stats.as_ref().and_then(|stats| stats.matched_lines);
    Some(match wire {
        Wire::Begin(file) => RipgrepMessage::Begin { path: path(file.path)? },
        Wire::Match(line) => RipgrepMessage::Match(lines(line)?),
        Wire::Context(line) => RipgrepMessage::Context(lines(line)?),
        Wire::End(file) => {
            RipgrepMessage::End { matched_lines: matched_lines(&file.stats), path: path(file.path)? }
        }
        Wire::Summary(file) => RipgrepMessage::Summary {
            matched_lines: matched_lines(&file.stats),
            searches_with_match: file.stats.and_then(|stats| stats.searches_with_match),
        },
    })
}

fn text(wire: WireText) -> Option<String> {
    match wire {
        WireText::Text(text) => Some(text),
        WireText::Bytes(encoded) => Some(String::from_utf8_lossy(&base64(&encoded)?).into_owned()),
    }
}

/// Decodes base64 of the standard alphabet, with padding or without.
fn base64(encoded: &str) -> Option<Vec<u8>> {
    let digits = encoded.trim_end_matches('=');
    let mut bytes = Vec::with_capacity(digits.len() / 4 * 3 + 2);
    let (mut bits, mut held) = (0_u32, 0);
    for digit in digits.bytes() {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = (bits << 6 | u32::from(value)) & 0xFFFF;
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from(bits >> held & 0xFF).ok()?);
        }
    }
    // What is left over is the rest of the last byte, and less than a digit.
    (held < 6).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_message_is_read() {
        let lines = concat!(
            r#"{"type":"begin","data":{"path":{"text":"notes/a.md"}}}"#,
            "\n\n",
            r#"{"type":"match","data":{"path":{"text":"notes/a.md"},"lines":{"text":"on rust\n"},"line_number":3,"absolute_offset":40,"submatches":[{"match":{"text":"rust"},"start":3,"end":7}]}}"#,
            "\n",
            r#"{"type":"context","data":{"path":null,"lines":{"bytes":"/2E="},"line_number":null,"absolute_offset":0,"submatches":[]}}"#,
            "\n",
            r#"{"type":"end","data":{"path":{"text":"notes/a.md"},"binary_offset":null,"stats":{"elapsed":{"secs":0,"nanos":1},"matched_lines":1}}}"#,
            "\n",
            r#"{"data":{"elapsed_total":{"secs":0},"stats":{"searches_with_match":1,"matched_lines":1}},"type":"summary"}"#,
            "\n",
        );
        let messages = read_ripgrep(lines).expect("well formed");
        let path = Some("notes/a.md".to_owned());
        let found = RipgrepMatch { text: "rust".into(), bytes: 3..7 };
        let line = RipgrepLine {
            path: path.clone(),
            text: "on rust\n".into(),
            line_number: Some(3),
            absolute_offset: 40,
            matches: vec![found],
        };
        let context = RipgrepLine {
            path: None,
            text: "\u{fffd}a".into(),
            line_number: None,
            absolute_offset: 0,
            matches: vec![],
        };
        assert_eq!(
            messages,
            [
                RipgrepMessage::Begin { path: path.clone() },
                RipgrepMessage::Match(line),
                RipgrepMessage::Context(context),
                RipgrepMessage::End { path, matched_lines: Some(1) },
                RipgrepMessage::Summary { searches_with_match: Some(1), matched_lines: Some(1) },
            ]
        );
    }

    #[test]
    fn other_lines_are_named() {
        let good = r#"{"type":"begin","data":{"path":{"text":"a"}}}"#;
        for bad in ["x", "{}", "[1]", r#"{"type":"other","data":{}}"#, r#"{"type":"match","data":{}}"#] {
            let error = read_ripgrep(&format!("{good}\n{bad}\n")).expect_err("not a message");
            assert!(matches!(error, RipgrepError::Line { line: 2, .. }), "{bad}: {error}");
        }
        let error =
            read_ripgrep(r#"{"type":"begin","data":{"path":{"bytes":"a"}}}"#).expect_err("not base64");
        assert!(matches!(error, RipgrepError::Base64 { line: 1 }), "{error}");
    }

    #[test]
    fn base64_is_decoded() {
        for (encoded, bytes) in
            [("", &b""[..]), ("Zg==", b"f"), ("Zm8", b"fo"), ("Zm9v", b"foo"), ("//79", &[0xFF, 0xFE, 0xFD])]
        {
            assert_eq!(base64(encoded).as_deref(), Some(bytes), "{encoded}");
        }
        for encoded in ["A", "Zm9vA", "Zm 9", "Zm9v!"] {
            assert_eq!(base64(encoded), None, "{encoded}");
        }
    }
}
