//! From text to values: RFC 8259, at most 128 deep.

use crate::{Map, Number, Value};

/// Deepest nesting of lists and objects.
const DEEPEST: usize = 128;

/// Why a text is no JSON.
pub(crate) struct Wrong {
    /// What is wrong.
    pub(crate) what: &'static str,
    /// Where, in bytes from the start.
    pub(crate) at: usize,
}

/// The value of a whole text.
pub(crate) fn parse(text: &str) -> Result<Value, Wrong> {
    let mut parser = Parser { text, at: 0 };
    let value = parser.value(0)?;
    parser.space();
    if parser.at < text.len() {
        return Err(parser.wrong("something follows the value"));
    }
    Ok(value)
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Parser<'t> {
    fn wrong(&self, what: &'static str) -> Wrong {
        Wrong { what, at: self.at }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\n' | b'\t' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    /// Takes a byte if it comes next.
    fn take(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value, Wrong> {
        if !self.text.as_bytes()[self.at..].starts_with(word.as_bytes()) {
            return Err(self.wrong("a value is expected"));
        }
        self.at += word.len();
        Ok(value)
    }

    fn value(&mut self, depth: usize) -> Result<Value, Wrong> {
        self.space();
        match self.peek() {
            Some(b'{' | b'[') if depth >= DEEPEST => Err(self.wrong("it is nested more than 128 deep")),
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'"') => self.string().map(Value::String),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            Some(b'n') => self.word("null", Value::Null),
            Some(_) => Err(self.wrong("a value is expected")),
            None => Err(self.wrong("it ends too early")),
        }
    }

    fn array(&mut self, depth: usize) -> Result<Value, Wrong> {
        self.at += 1;
        let mut items = Vec::new();
        self.space();
        if self.take(b']') {
            return Ok(Value::Array(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            self.space();
            if self.take(b']') {
                return Ok(Value::Array(items));
            }
            if !self.take(b',') {
                return Err(self.wrong("a comma or `]` is expected"));
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value, Wrong> {
        self.at += 1;
        let mut map = Map::new();
        self.space();
        if self.take(b'}') {
            return Ok(Value::Object(map));
        }
        loop {
            self.space();
            if self.peek() != Some(b'"') {
                return Err(self.wrong("a name in quotes is expected"));
            }
            let name = self.string()?;
            self.space();
            if !self.take(b':') {
                return Err(self.wrong("a colon is expected"));
            }
            // The last of several members with one name counts.
            map.insert(name, self.value(depth + 1)?);
            self.space();
            if self.take(b'}') {
                return Ok(Value::Object(map));
            }
            if !self.take(b',') {
                return Err(self.wrong("a comma or `}` is expected"));
            }
        }
    }

    fn digits(&mut self) -> Result<(), Wrong> {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        if self.at == start {
            Err(self.wrong("a digit is expected"))
        } else {
            Ok(())
        }
    }

    fn number(&mut self) -> Result<Value, Wrong> {
        let start = self.at;
        self.take(b'-');
        if !self.take(b'0') {
            self.digits()?;
        }
        if self.take(b'.') {
            self.digits()?;
        }
        if self.take(b'e') || self.take(b'E') {
            let _ = self.take(b'+') || self.take(b'-');
            self.digits()?;
        }
        Ok(Value::Number(Number::of_text(&self.text[start..self.at])))
    }

    fn string(&mut self) -> Result<String, Wrong> {
        self.at += 1;
        let mut text = String::new();
        loop {
            // What needs no change is taken as a whole; quotes, escapes and controls are ASCII.
            let start = self.at;
            while self.peek().is_some_and(|byte| byte >= b' ' && byte != b'"' && byte != b'\\') {
                self.at += 1;
            }
            text.push_str(&self.text[start..self.at]);
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(text);
                }
                Some(b'\\') => {
                    self.at += 1;
                    text.push(self.escape()?);
                }
                Some(_) => return Err(self.wrong("a control character stands in a text")),
                None => return Err(self.wrong("a text is not closed")),
            }
        }
    }

    fn escape(&mut self) -> Result<char, Wrong> {
        let escaped = match self.peek() {
            Some(byte @ (b'"' | b'\\' | b'/')) => char::from(byte),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                self.at += 1;
                return self.code();
            }
            _ => return Err(self.wrong("this escape is none")),
        };
        self.at += 1;
        Ok(escaped)
    }

    fn unit(&mut self) -> Result<u32, Wrong> {
        let digits = self.text.as_bytes().get(self.at..self.at + 4);
        let digits = digits.filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        let unit = digits.and_then(|digits| std::str::from_utf8(digits).ok());
        let unit = unit.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        let unit = unit.ok_or_else(|| self.wrong("four hexadecimal digits are expected"))?;
        self.at += 4;
        Ok(unit)
    }

    /// The character of one unit, or of two surrogates; half a pair is no character.
    fn code(&mut self) -> Result<char, Wrong> {
        let high = self.unit()?;
        if !(0xd800..0xdc00).contains(&high) {
            return Ok(char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER));
        }
        let after = self.at;
        if self.take(b'\\') && self.take(b'u') {
            let low = self.unit()?;
            if (0xdc00..0xe000).contains(&low) {
                let code = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
                return Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
        }
        self.at = after;
        Ok(char::REPLACEMENT_CHARACTER)
    }
}
