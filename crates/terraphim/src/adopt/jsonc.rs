//! Where things stand in JSON text: a scanner that checks a whole document and
//! gives the byte spans of an object's members, so that the text around them can
//! stay as it is. Comments, trailing commas and a byte order mark are accepted,
//! because VS Code and Cursor accept them. It builds no tree and changes nothing.

use std::{collections::HashSet, ops::Range};

use serde_json::Value;

/// Deepest nesting that is followed; the depth at which `serde_json` stops too.
const MAX_DEPTH: usize = 127;

const BYTE_ORDER_MARK: &str = "\u{feff}";

/// Text that is not JSON, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{complaint}")]
pub(super) struct SyntaxError {
    /// Byte offset of the offending place.
    pub(super) offset: usize,
    /// What is wrong there.
    pub(super) complaint: String,
}

/// An object as it stands in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Object {
    /// Offset of `{`.
    pub(super) open: usize,
    /// Offset of `}`.
    pub(super) close: usize,
    /// Its members, in the order of the text.
    pub(super) members: Vec<Member>,
}

impl Object {
    /// The member called `key`.
    pub(super) fn get(&self, key: &str) -> Option<&Member> {
        self.members.iter().find(|member| member.key == key)
    }
}

/// One `"key": value` of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Member {
    /// The key, unescaped.
    pub(super) key: String,
    /// Offset of the key's opening quotation mark.
    pub(super) start: usize,
    /// The span of the value.
    pub(super) value: Range<usize>,
    /// Offset of the comma after it, where there is one.
    pub(super) comma: Option<usize>,
}

/// Checks a whole document whose root must be an object.
pub(super) fn document(text: &str) -> Result<Object, SyntaxError> {
    let mut scanner =
        Scanner { text, at: if text.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 } };
    scanner.trivia()?;
    let (span, members) = scanner.members(0)?;
    scanner.trivia()?;
    match scanner.peek() {
        None => object_of(text, span, members),
        Some(_) => Err(scanner.expected("the end of the file")),
    }
}

/// The members of the value at `span` of a checked document, or `None` where
/// that value is no object.
pub(super) fn object(text: &str, span: &Range<usize>) -> Result<Option<Object>, SyntaxError> {
    let mut scanner = Scanner { text, at: span.start };
    if scanner.peek() != Some(b'{') {
        return Ok(None);
    }
    let (span, members) = scanner.members(0)?;
    object_of(text, span, members).map(Some)
}

/// The value at `span` of a checked document.
pub(super) fn value(text: &str, span: &Range<usize>) -> Result<Value, SyntaxError> {
    serde_json::from_str(&without_comments(slice(text, span.clone()))).map_err(|error| SyntaxError {
        offset: span.start,
        complaint: format!("this value cannot be read: {error}"),
    })
}

/// Whether the text holds nothing but white space and comments.
pub(super) fn is_blank(text: &str) -> bool {
    let mut scanner = Scanner { text: text.trim_start_matches(BYTE_ORDER_MARK), at: 0 };
    scanner.trivia().is_ok() && scanner.peek().is_none()
}

/// Line and column of an offset, both from 1; the column counts characters.
pub(super) fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = slice(text, 0..offset.min(text.len()));
    let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}

/// The text of a span; empty where the span does not lie on character boundaries.
pub(super) fn slice(text: &str, span: Range<usize>) -> &str {
    text.get(span).unwrap_or_default()
}

fn object_of(text: &str, span: Range<usize>, spans: Vec<Spans>) -> Result<Object, SyntaxError> {
    let mut seen = HashSet::new();
    let mut members = Vec::with_capacity(spans.len());
    for Spans { key, value, comma } in spans {
        let name: String = serde_json::from_str(slice(text, key.clone())).map_err(|error| SyntaxError {
            offset: key.start,
            complaint: format!("this key cannot be read: {error}"),
        })?;
        if !seen.insert(name.clone()) {
            let complaint =
                format!("the key `{}` stands twice in this object; keep one of the two", name.escape_debug());
            return Err(SyntaxError { offset: key.start, complaint });
        }
        members.push(Member { key: name, start: key.start, value, comma });
    }
    Ok(Object { open: span.start, close: span.end.saturating_sub(1), members })
}

/// The checked text as strict JSON.
fn without_comments(text: &str) -> String {
    let mut scanner = Scanner { text, at: 0 };
    let mut clean = String::with_capacity(text.len());
    let mut comma = false;
    while scanner.trivia().is_ok() {
        let start = scanner.at;
        let Some(byte) = scanner.peek() else { break };
        if byte == b',' {
            comma = true;
            scanner.at += 1;
            continue;
        }
        if std::mem::take(&mut comma) && !matches!(byte, b'}' | b']') {
            clean.push(',');
        }
        match byte {
            b'"' if scanner.string().is_ok() => {}
            b'{' | b'}' | b'[' | b']' | b':' => scanner.at += 1,
            _ => scanner
                .skip_while(|byte| !matches!(byte, b',' | b'}' | b']' | b' ' | b'\t' | b'\r' | b'\n' | b'/')),
        }
        if scanner.at == start {
            break;
        }
        clean.push_str(slice(text, start..scanner.at));
    }
    clean
}

/// A member before its key is decoded.
struct Spans {
    key: Range<usize>,
    value: Range<usize>,
    comma: Option<usize>,
}

struct Scanner<'t> {
    text: &'t str,
    at: usize,
}

impl Scanner<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn rest(&self) -> &[u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    fn fail(&self, complaint: impl Into<String>) -> SyntaxError {
        SyntaxError { offset: self.at, complaint: complaint.into() }
    }

    fn expected(&self, what: &str) -> SyntaxError {
        let found = self.text.get(self.at..).and_then(|rest| rest.chars().next());
        match found {
            Some(found) => self.fail(format!("expected {what}, found {found:?}")),
            None => self.fail(format!("expected {what}, found the end of the file")),
        }
    }

    fn skip_while(&mut self, wanted: impl Fn(u8) -> bool) {
        self.at += self.rest().iter().take_while(|byte| wanted(**byte)).count();
    }

    /// White space and comments.
    fn trivia(&mut self) -> Result<(), SyntaxError> {
        loop {
            self.skip_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'));
            if self.rest().starts_with(b"//") {
                self.skip_while(|byte| byte != b'\n');
            } else if self.rest().starts_with(b"/*") {
                let body = self.text.get(self.at + 2..).unwrap_or_default();
                let length = body
                    .find("*/")
                    .ok_or_else(|| self.fail("this comment has no end; close it with `*/`"))?;
                self.at += length + 4;
            } else {
                return Ok(());
            }
        }
    }

    fn value(&mut self, depth: usize) -> Result<Range<usize>, SyntaxError> {
        if depth > MAX_DEPTH {
            return Err(self.fail(format!("nested more than {MAX_DEPTH} levels deep")));
        }
        match self.peek() {
            Some(b'{') => self.members(depth).map(|(span, _)| span),
            Some(b'[') => self.array(depth),
            Some(b'"') => self.string(),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => self.literal(),
        }
    }

    fn members(&mut self, depth: usize) -> Result<(Range<usize>, Vec<Spans>), SyntaxError> {
        let start = self.at;
        self.punctuation(b'{', "`{`")?;
        let mut members: Vec<Spans> = Vec::new();
        loop {
            self.trivia()?;
            if self.peek() == Some(b'}') {
                self.at += 1;
                return Ok((start..self.at, members));
            }
            if members.last().is_some_and(|last| last.comma.is_none()) {
                return Err(self.expected("`,` or `}`"));
            }
            if self.peek() != Some(b'"') {
                return Err(self.expected("a key in quotation marks or `}`"));
            }
            let key = self.string()?;
            self.trivia()?;
            self.punctuation(b':', "`:`")?;
            self.trivia()?;
            let value = self.value(depth + 1)?;
            self.trivia()?;
            let comma = self.comma();
            members.push(Spans { key, value, comma });
        }
    }

    fn array(&mut self, depth: usize) -> Result<Range<usize>, SyntaxError> {
        let start = self.at;
        self.punctuation(b'[', "`[`")?;
        let mut separated = true;
        loop {
            self.trivia()?;
            if self.peek() == Some(b']') {
                self.at += 1;
                return Ok(start..self.at);
            }
            if !separated {
                return Err(self.expected("`,` or `]`"));
            }
            self.value(depth + 1)?;
            self.trivia()?;
            separated = self.comma().is_some();
        }
    }

    fn punctuation(&mut self, byte: u8, name: &str) -> Result<(), SyntaxError> {
        if self.peek() != Some(byte) {
            return Err(self.expected(name));
        }
        self.at += 1;
        Ok(())
    }

    fn comma(&mut self) -> Option<usize> {
        let comma = self.at;
        (self.peek() == Some(b',')).then(|| {
            self.at += 1;
            comma
        })
    }

    fn string(&mut self) -> Result<Range<usize>, SyntaxError> {
        let start = self.at;
        self.at += 1;
        loop {
            self.skip_while(|byte| byte >= b' ' && byte != b'"' && byte != b'\\');
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(start..self.at);
                }
                Some(b'\\') => self.escape()?,
                Some(_) => {
                    return Err(
                        self.fail("a string must not hold a control character; write it as an escape")
                    );
                }
                None => {
                    return Err(SyntaxError { offset: start, complaint: "this string has no end".into() });
                }
            }
        }
    }

    fn escape(&mut self) -> Result<(), SyntaxError> {
        let length = match self.rest().get(1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 2,
            Some(b'u')
                if self.rest().get(2..6).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)) =>
            {
                6
            }
            _ => return Err(self.fail("this escape is not one of JSON's")),
        };
        self.at += length;
        Ok(())
    }

    fn number(&mut self) -> Result<Range<usize>, SyntaxError> {
        let start = self.at;
        self.skip_while(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'));
        let text = slice(self.text, start..self.at);
        if is_number(text) {
            return Ok(start..self.at);
        }
        Err(SyntaxError { offset: start, complaint: "this is not a number".into() })
    }

    fn literal(&mut self) -> Result<Range<usize>, SyntaxError> {
        let start = self.at;
        for word in ["true", "false", "null"] {
            if self.rest().starts_with(word.as_bytes()) {
                self.at += word.len();
                return Ok(start..self.at);
            }
        }
        Err(self.expected("a value"))
    }
}

/// Whether the text is a number by the grammar of RFC 8259, section 6.
fn is_number(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))),
        None => (unsigned, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let leading_zero = whole.len() > 1 && whole.starts_with('0');
    digits(whole) && !leading_zero && fraction.is_none_or(digits) && exponent.is_none_or(digits)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn complaint(text: &str) -> (usize, usize, String) {
        let error = document(text).expect_err("not JSON");
        let (line, column) = position(text, error.offset);
        (line, column, error.complaint)
    }

    #[test]
    fn members_have_their_spans() {
        let text = "\u{feff}// top\n{ \"a\": [1, /* x */ 2,], \"b\\u0021\" : {\"c\": \"}\"} , } // end";
        let root = document(text).expect("JSON with comments");
        let [a, b] = root.members.as_slice() else { panic!("two members: {root:?}") };
        assert_eq!((a.key.as_str(), slice(text, a.value.clone())), ("a", "[1, /* x */ 2,]"));
        assert_eq!((b.key.as_str(), slice(text, b.value.clone())), ("b!", "{\"c\": \"}\"}"));
        assert!(text[b.start..].starts_with("\"b\\u0021\""));
        assert!(b.comma.is_some_and(|comma| text[comma..].starts_with(", }")));
        assert_eq!(value(text, &a.value).expect("a list"), json!([1, 2]));
        let inner = object(text, &b.value).expect("checked").expect("an object");
        assert_eq!(value(text, &inner.members[0].value).expect("a string"), json!("}"));
        assert_eq!(object(text, &a.value).expect("checked"), None);
    }

    #[test]
    fn faults_are_named_with_line_and_column() {
        let cases = [
            ("", 1, 1, "expected `{`, found the end of the file"),
            ("[1]", 1, 1, "expected `{`, found '['"),
            ("{\n  \"a\": 1\n  \"b\": 2\n}", 3, 3, "expected `,` or `}`, found '\"'"),
            ("{\"é\": x}", 1, 7, "expected a value, found 'x'"),
            ("{\"a\": [1 2]}", 1, 10, "expected `,` or `]`, found '2'"),
            ("{\"a\": 01}", 1, 7, "this is not a number"),
            ("{\"a\": \"x\ty\"}", 1, 9, "a string must not hold a control character; write it as an escape"),
            ("{\"a\": \"\\x\"}", 1, 8, "this escape is not one of JSON's"),
            ("{\"a\": \"x", 1, 7, "this string has no end"),
            ("{ /* x }", 1, 3, "this comment has no end; close it with `*/`"),
            ("{,}", 1, 2, "expected a key in quotation marks or `}`, found ','"),
            ("{} {}", 1, 4, "expected the end of the file, found '{'"),
            ("{\"a\":1,\"\\u0061\":2}", 1, 8, "the key `a` stands twice in this object; keep one of the two"),
        ];
        for (text, line, column, expected) in cases {
            assert_eq!(complaint(text), (line, column, expected.to_owned()), "{text}");
        }
    }

    #[test]
    fn nesting_is_bounded() {
        let nested = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        assert!(document(&nested(MAX_DEPTH)).is_ok());
        assert_eq!(complaint(&nested(MAX_DEPTH + 1)).2, format!("nested more than {MAX_DEPTH} levels deep"));
        assert!(document(&format!("{{\"a\":{}", "[".repeat(5_000_000))).is_err());
    }

    #[test]
    fn numbers_follow_the_grammar() {
        for number in ["0", "-0", "10", "1.5", "1e9", "-1.25E-3", "1e400"] {
            assert!(is_number(number), "{number}");
        }
        for other in ["", "-", "01", ".5", "1.", "1e", "1e+", "+1", "1-2", "1.2.3"] {
            assert!(!is_number(other), "{other}");
        }
    }

    #[test]
    fn agrees_with_a_full_parser_on_damaged_text() {
        let text = r#"{"a": [1, -2.5e3, true], "b": {"c": "\u00e9\n", "d": null}, "e": "x"}"#;
        for at in 0..text.len() {
            for byte in [b'"', b'{', b'}', b'[', b',', b':', b'\\', b'0', b'x'] {
                let mut damaged = text.as_bytes().to_vec();
                damaged[at] = byte;
                let damaged = String::from_utf8(damaged).expect("ASCII");
                if serde_json::from_str::<serde_json::Map<String, Value>>(&damaged).is_ok() {
                    let root = document(&damaged);
                    let duplicate =
                        root.as_ref().is_err_and(|error| error.complaint.contains("stands twice"));
                    assert!(root.is_ok() || duplicate, "{damaged}: {root:?}");
                } else if let Ok(root) = document(&damaged) {
                    // What only the scanner accepts is a trailing comma.
                    let whole = value(&damaged, &(root.open..root.close + 1)).expect("readable");
                    assert!(
                        whole.is_object() && (damaged.contains(",}") || damaged.contains(",]")),
                        "{damaged}"
                    );
                }
            }
        }
    }
}
