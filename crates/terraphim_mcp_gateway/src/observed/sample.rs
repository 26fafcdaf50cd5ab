//! The shape of a JSON text, read without building a value of it, in bounded
//! work: so many bytes, and of a list the first items.

use super::shape::{MOST_DEPTH, Numeric, Shape};

/// How many items of a list are looked at.
const ITEMS: usize = 32;

/// The shape of `text`, which is well-formed JSON. Only its first `most` bytes
/// are looked at; members of an object that was not read to its end are not
/// said to be always there.
pub(super) fn shape_of(text: &str, most: usize) -> Shape {
    let bytes = text.as_bytes();
    let mut sampler = Sampler { text, bytes: bytes.get(..most).unwrap_or(bytes), at: 0 };
    sampler.value(MOST_DEPTH)
}

struct Sampler<'t> {
    text: &'t str,
    /// What is looked at.
    bytes: &'t [u8],
    at: usize,
}

impl Sampler<'_> {
    /// The next byte that is no white space; `None` where no more is looked at.
    fn peek(&mut self) -> Option<u8> {
        loop {
            let byte = *self.bytes.get(self.at)?;
            if !byte.is_ascii_whitespace() {
                return Some(byte);
            }
            self.at += 1;
        }
    }

    fn value(&mut self, depth: usize) -> Shape {
        match self.peek() {
            None => Shape::default(),
            Some(b'{' | b'[') if depth == 0 => {
                let is_object = self.peek() == Some(b'{');
                self.skip();
                if is_object { Shape::any_object() } else { Shape::list(Shape::any()) }
            }
            Some(b'{') => self.object(depth - 1),
            Some(b'[') => self.list(depth - 1),
            Some(first) => {
                let is_integer = self.skip();
                match first {
                    b'"' => Shape::string(),
                    b't' | b'f' => Shape::boolean(),
                    b'n' => Shape::null(),
                    _ if is_integer => Shape::number(Numeric::Integer),
                    _ => Shape::number(Numeric::Number),
                }
            }
        }
    }

    fn object(&mut self, depth: usize) -> Shape {
        self.at += 1;
        let mut members: Vec<(String, Shape)> = Vec::new();
        loop {
            match self.peek() {
                Some(b'"') => {}
                Some(b',') => {
                    self.at += 1;
                    continue;
                }
                Some(b'}') => {
                    self.at += 1;
                    return Shape::object(members, true);
                }
                _ => return Shape::object(members, false),
            }
            let from = self.at;
            self.skip();
            let quoted = self.text.get(from..self.at).unwrap_or_default();
            if self.peek() != Some(b':') {
                return Shape::object(members, false);
            }
            self.at += 1;
            let name = match quoted.get(1..quoted.len().saturating_sub(1)) {
                Some(plain) if !plain.contains('\\') => plain.to_owned(),
                // Half a character cannot be read; such a name is data.
                _ => serde_json::from_str(quoted).unwrap_or_default(),
            };
            let shape = self.value(depth);
            members.push((name, shape));
        }
    }

    fn list(&mut self, depth: usize) -> Shape {
        let begin = self.at;
        self.at += 1;
        let mut items = Shape::default();
        let mut count = 0;
        loop {
            match self.peek() {
                Some(b']') => {
                    self.at += 1;
                    return Shape::list(items);
                }
                Some(b',') => self.at += 1,
                Some(b'}') | None => return Shape::list(items),
                Some(_) if count == ITEMS => {
                    self.leave(begin);
                    return Shape::list(items);
                }
                Some(_) => {
                    items.join(&self.value(depth));
                    count += 1;
                }
            }
        }
    }

    /// Goes to the end of the list that begins at `begin`, from an item of it;
    /// a list that is the whole text is simply left.
    fn leave(&mut self, begin: usize) {
        if self.text.get(..begin).is_some_and(|before| before.trim_start().is_empty()) {
            self.at = self.bytes.len();
            return;
        }
        while let Some(byte) = self.peek() {
            match byte {
                b']' => {
                    self.at += 1;
                    return;
                }
                b',' => self.at += 1,
                _ => {
                    let from = self.at;
                    self.skip();
                    // What no value begins with is in no JSON, and is passed all the same.
                    self.at += usize::from(self.at == from);
                }
            }
        }
    }

    /// Goes behind the value that begins here; whether it has the letters of an integer.
    fn skip(&mut self) -> bool {
        let (mut depth, mut in_text, mut is_integer) = (0_usize, false, true);
        let from = self.at;
        while let Some(byte) = self.bytes.get(self.at) {
            if in_text {
                match byte {
                    b'\\' => self.at += 1,
                    b'"' => in_text = false,
                    _ => {}
                }
                self.at += 1;
                if !in_text && depth == 0 {
                    return false;
                }
                continue;
            }
            match byte {
                b'"' => in_text = true,
                b'{' | b'[' => depth += 1,
                b'}' | b']' if depth == 0 => return is_integer,
                b'}' | b']' => {
                    depth -= 1;
                    if depth == 0 {
                        self.at += 1;
                        return false;
                    }
                }
                b',' | b':' if depth == 0 => return is_integer,
                b if depth == 0 && b.is_ascii_whitespace() => return is_integer,
                b'.' | b'e' | b'E' => is_integer = false,
                _ => {}
            }
            self.at += 1;
        }
        // What breaks off here may go on as anything.
        is_integer && self.at > from && self.bytes.len() == self.text.len()
    }
}
