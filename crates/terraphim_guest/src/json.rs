//! JSON as text: whether something is a value, and what its members are. The
//! guest passes values on as they are written and builds none in memory.

use std::{borrow::Cow, fmt::Write};

/// Deepest nesting that is taken; the host takes no more.
const MAX_DEPTH: usize = 100;

/// Whether the whole text is one value with finite numbers.
pub(crate) fn is_value(text: &str) -> bool {
    let mut scanner = Scanner { text, at: 0 };
    scanner.value(MAX_DEPTH).is_some() && scanner.is_at_end()
}

/// The members of an object, each with the text of its value; `None` if it is none.
pub(crate) fn members(text: &str) -> Option<Vec<(String, &str)>> {
    let mut scanner = Scanner { text, at: 0 };
    let mut members = Vec::new();
    scanner.list(b'{', b'}', |scanner| {
        let name = scanner.string()?;
        scanner.space();
        scanner.sign(b':')?;
        members.push((name, scanner.value(MAX_DEPTH - 1)?));
        Some(())
    })?;
    scanner.is_at_end().then_some(members)
}

/// The texts of an array's elements; `None` if it is none.
pub(crate) fn elements(text: &str) -> Option<Vec<&str>> {
    let mut scanner = Scanner { text, at: 0 };
    let mut elements = Vec::new();
    scanner.list(b'[', b']', |scanner| {
        elements.push(scanner.value(MAX_DEPTH - 1)?);
        Some(())
    })?;
    scanner.is_at_end().then_some(elements)
}

/// The text that a string stands for; `None` if it is no string.
pub(crate) fn string(text: &str) -> Option<String> {
    let mut scanner = Scanner { text, at: 0 };
    scanner.space();
    let value = scanner.string()?;
    scanner.is_at_end().then_some(value)
}

/// Appends a text as JSON.
pub(crate) fn quote(text: &str, json: &mut String) {
    json.push('"');
    escape(text, json);
    json.push('"');
}

/// Appends a text as it stands between the quotes of JSON.
pub(crate) fn escape(text: &str, json: &mut String) {
    for c in text.chars() {
        match c {
            '"' | '\\' => json.extend(['\\', c]),
            c if c.is_control() => {
                // Writing to a string cannot fail.
                let _ = write!(json, "\\u{:04x}", u32::from(c));
            }
            c => json.push(c),
        }
    }
}

/// A value without escapes for halves of characters, which stand for no text: one
/// for the sign of what cannot be shown stands there instead.
pub(crate) fn without_halves(value: &str) -> Cow<'_, str> {
    let mut mended = String::new();
    let (mut done, mut at) = (0, 0);
    while let Some(found) = value.get(at..).and_then(|rest| rest.find('\\')) {
        at += found;
        let unit = |at: usize| {
            let digits = value.get(at..at + 6)?.strip_prefix("\\u")?;
            u16::from_str_radix(digits, 16).ok()
        };
        at += match unit(at) {
            Some(0xd800..=0xdbff) if matches!(unit(at + 6), Some(0xdc00..=0xdfff)) => 12,
            Some(0xd800..=0xdfff) => {
                mended.push_str(value.get(done..at).unwrap_or_default());
                mended.push_str("\\ufffd");
                done = at + 6;
                6
            }
            Some(_) => 6,
            // Two signs, of which the second may be a backslash, too.
            None => 2,
        };
    }
    if done == 0 {
        return Cow::Borrowed(value);
    }
    mended.push_str(value.get(done..).unwrap_or_default());
    Cow::Owned(mended)
}

struct Scanner<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Scanner<'t> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn is_at_end(&mut self) -> bool {
        self.space();
        self.at == self.text.len()
    }

    fn sign(&mut self, sign: u8) -> Option<()> {
        (self.peek() == Some(sign)).then(|| self.at += 1)
    }

    fn word(&mut self, word: &str) -> Option<()> {
        let rest = self.text.get(self.at..)?;
        rest.starts_with(word).then(|| self.at += word.len())
    }

    /// One value; its text without the space around it.
    fn value(&mut self, depth: usize) -> Option<&'t str> {
        self.space();
        let start = self.at;
        let deeper = depth.checked_sub(1)?;
        match self.peek()? {
            b'{' => self.list(b'{', b'}', |scanner| {
                scanner.string()?;
                scanner.space();
                scanner.sign(b':')?;
                scanner.value(deeper).map(drop)
            })?,
            b'[' => self.list(b'[', b']', |scanner| scanner.value(deeper).map(drop))?,
            b'"' => self.skip_string()?,
            b't' => self.word("true")?,
            b'f' => self.word("false")?,
            b'n' => self.word("null")?,
            _ => self.number()?,
        }
        self.text.get(start..self.at)
    }

    fn list(&mut self, open: u8, close: u8, mut item: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.space();
        self.sign(open)?;
        self.space();
        if self.sign(close).is_some() {
            return Some(());
        }
        loop {
            self.space();
            item(self)?;
            self.space();
            if self.sign(close).is_some() {
                return Some(());
            }
            self.sign(b',')?;
        }
    }

    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }

    fn number(&mut self) -> Option<()> {
        let start = self.at;
        // Its absence is no fault.
        let _ = self.sign(b'-');
        let first = self.at;
        self.digits()?;
        if self.at > first + 1 && self.text.as_bytes().get(first) == Some(&b'0') {
            return None;
        }
        if self.sign(b'.').is_some() {
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        let number: f64 = self.text.get(start..self.at)?.parse().ok()?;
        number.is_finite().then_some(())
    }

    /// Goes to the end of a string, whose escapes must be right.
    fn skip_string(&mut self) -> Option<()> {
        self.scan_string(|_, _| ())
    }

    fn string(&mut self) -> Option<String> {
        let mut value = String::new();
        let mut units: Vec<u16> = Vec::new();
        self.scan_string(|plain, unit| match unit {
            Some(unit) => units.push(unit),
            None => {
                value.extend(char::decode_utf16(units.drain(..)).map(|c| c.unwrap_or('\u{fffd}')));
                value.push_str(plain);
            }
        })?;
        value.extend(char::decode_utf16(units.drain(..)).map(|c| c.unwrap_or('\u{fffd}')));
        Some(value)
    }

    /// Gives the pieces of a string: text as it stands, or a unit of UTF-16.
    fn scan_string(&mut self, mut piece: impl FnMut(&'t str, Option<u16>)) -> Option<()> {
        self.sign(b'"')?;
        let mut plain = self.at;
        loop {
            let byte = self.peek()?;
            if !matches!(byte, b'"' | b'\\') {
                if byte < 0x20 {
                    return None;
                }
                self.at += 1;
                continue;
            }
            if self.at > plain {
                piece(self.text.get(plain..self.at)?, None);
            }
            self.at += 1;
            if byte == b'"' {
                return Some(());
            }
            let escape = self.peek()?;
            self.at += 1;
            let unit = match escape {
                b'"' | b'\\' | b'/' => u16::from(escape),
                b'b' => 8,
                b'f' => 12,
                b'n' => 10,
                b'r' => 13,
                b't' => 9,
                b'u' => {
                    let digits = self.text.get(self.at..self.at + 4)?;
                    self.at += 4;
                    let plain = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
                    u16::from_str_radix(digits, 16).ok().filter(|_| plain)?
                }
                _ => return None,
            };
            piece("", Some(unit));
            plain = self.at;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_told_from_text() {
        for value in ["1", "-0.5e3", " {\"a\": [1, {}, []]}\n", "\"\\u00e9\\n\"", "null", "true", "[]"] {
            assert!(is_value(value), "{value}");
        }
        for text in
            ["", "007", "1.", ".5", "1e999", "NaN", "nul", "{a:1}", "[1,]", "\"\\x\"", "1 2", "\"a\nb\""]
        {
            assert!(!is_value(text), "{text}");
        }
        assert!(is_value(&("[".repeat(99) + &"]".repeat(99))));
        assert!(!is_value(&("[".repeat(100_000) + &"]".repeat(100_000))));
    }

    #[test]
    fn members_and_elements_are_given_as_they_stand() {
        let text = r#" { "a\u0062" : [1, "x,]"], "c": {"d": null} } "#;
        let read = members(text).unwrap();
        assert_eq!(read, [("ab".to_owned(), r#"[1, "x,]"]"#), ("c".to_owned(), r#"{"d": null}"#)]);
        assert_eq!(elements(read[0].1).unwrap(), ["1", "\"x,]\""]);
        assert_eq!(string(r#""a\ud83d\ude00\n""#).unwrap(), "a\u{1f600}\n");
        assert_eq!(string("1"), None);
    }

    #[test]
    fn halves_of_characters_are_replaced() {
        for (value, expected) in [
            (r#""a\ud800b""#, r#""a\ufffdb""#),
            (r#"{"\udc00":"\ud83d\ude00\ud83d"}"#, r#"{"\ufffd":"\ud83d\ude00\ufffd"}"#),
            (r#""\ud800\ud83d\ude00""#, r#""\ufffd\ud83d\ude00""#),
            (r#""\\ud800 \n \u00e4 ä""#, r#""\\ud800 \n \u00e4 ä""#),
            (r#""\ud8"#, r#""\ud8"#),
            ("\\", "\\"),
            ("\\ä", "\\ä"),
        ] {
            assert_eq!(without_halves(value), expected, "{value}");
        }
    }

    #[test]
    fn texts_are_written_as_json() {
        let mut json = String::new();
        quote("a\"\\\n\u{7f}é", &mut json);
        assert_eq!(json, "\"a\\\"\\\\\\u000a\\u007fé\"");
        assert_eq!(string(&json).unwrap(), "a\"\\\n\u{7f}é");
    }
}
