//! The program as the checker is to read it. A program may end with `return`
//! where the language has it in functions alone; there `throw` stands in its
//! place, which takes the same value and ends as finally. It is the checker that
//! says where that is: nothing parses a program here.

use super::report::{Code, Diagnostic, Position};

/// A `return` outside of a function.
const RETURN_OUTSIDE: Code = Code(1108);

const RETURN: &str = "return";

/// A program with its changes.
pub(super) struct Program<'s> {
    source: &'s str,
    /// Where the checker's text has a byte more than the source, as offsets in its text.
    longer: Vec<usize>,
}

impl<'s> Program<'s> {
    pub(super) fn new(source: &'s str) -> Self {
        Self { source, longer: Vec::new() }
    }

    /// The text with each `return` replaced that the checker found outside of
    /// functions; `None` if it found none.
    pub(super) fn without_returns(&mut self, found: &[Diagnostic]) -> Option<String> {
        let lines = Lines::new(self.source);
        let is_outside = |one: &&Diagnostic| one.code == RETURN_OUTSIDE;
        let offsets = found.iter().filter(is_outside).filter_map(|one| lines.offset(one.range.start));
        let mut offsets: Vec<_> = offsets
            .filter(|at| self.source.get(*at..).is_some_and(|rest| rest.starts_with(RETURN)))
            .collect();
        offsets.sort_unstable();
        offsets.dedup();
        if offsets.is_empty() {
            return None;
        }
        let mut text = String::with_capacity(self.source.len() + offsets.len());
        let mut behind = 0;
        for at in offsets {
            text.push_str(self.source.get(behind..at).unwrap_or_default());
            behind = at + RETURN.len();
            let rest = self.source.get(behind..).unwrap_or_default();
            if gives_nothing(rest) {
                text.push_str("throw 0");
                self.longer.push(text.len());
            } else {
                text.push_str("throw ");
            }
        }
        text.push_str(self.source.get(behind..).unwrap_or_default());
        Some(text)
    }

    /// The offset in the source of a place in `text`, which is the source or was made of it.
    pub(super) fn offset(&self, lines: &Lines<'_>, place: Position) -> Option<usize> {
        let at = lines.offset(place)?;
        // They are in the order of the text.
        let longer = self.longer.partition_point(|longer| at >= *longer);
        Some(at.saturating_sub(longer).min(self.source.len()))
    }
}

/// Whether a `return` before this text gives no value: the language ends it
/// with its line.
fn gives_nothing(rest: &str) -> bool {
    let mut rest = rest;
    loop {
        rest = rest.trim_start_matches([' ', '\t', '\u{b}', '\u{c}', '\u{a0}', '\u{feff}']);
        let Some(remark) = rest.strip_prefix("/*") else { break };
        let Some((remark, after)) = remark.split_once("*/") else { return true };
        if remark.contains(['\n', '\r', '\u{2028}', '\u{2029}']) {
            return true;
        }
        rest = after;
    }
    rest.starts_with("//")
        || rest.chars().next().is_none_or(|c| matches!(c, '\n' | '\r' | '\u{2028}' | '\u{2029}' | ';' | '}'))
}

/// The line and the column in characters of an offset in bytes, both from 1, as
/// the language counts lines.
pub(super) fn place_of(source: &str, offset: usize) -> (u32, u32) {
    let before = source.get(..source.floor_char_boundary(offset)).unwrap_or_default();
    let (mut line, mut column) = (1, 1);
    let mut chars = before.chars().peekable();
    while let Some(c) = chars.next() {
        let ends = match c {
            '\n' | '\u{2028}' | '\u{2029}' => true,
            '\r' => chars.peek() != Some(&'\n'),
            _ => false,
        };
        (line, column) = if ends { (line + 1, 1) } else { (line, column + 1) };
    }
    (line, column)
}

/// Bytes between places of a text whose UTF-16 units are known.
const STRIDE: usize = 256;

/// The lines of a text as the protocol counts them. A place is found by searching, however long the text or its
/// lines are: there may be a complaint about each of many places.
pub(super) struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
    /// For places about every [`STRIDE`] bytes the units before them and their offsets, both ascending.
    marks: Vec<(usize, usize)>,
}

impl<'t> Lines<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        let bytes = text.as_bytes();
        let breaks = bytes.iter().enumerate().filter_map(|(at, byte)| match byte {
            b'\n' => Some(at + 1),
            b'\r' if bytes.get(at + 1) != Some(&b'\n') => Some(at + 1),
            _ => None,
        });
        let starts = std::iter::once(0).chain(breaks).collect();
        let mut marks = vec![(0, 0)];
        let (mut units, mut next) = (0, STRIDE);
        for (at, c) in text.char_indices() {
            if at >= next {
                marks.push((units, at));
                next = at + STRIDE;
            }
            units += c.len_utf16();
        }
        Self { text, starts, marks }
    }

    /// The byte offset of a place; `None` if there is no such line. A place
    /// behind the end of its line is that end.
    pub(super) fn offset(&self, place: Position) -> Option<usize> {
        let line = place.line as usize;
        let start = *self.starts.get(line)?;
        let end = self.starts.get(line + 1).copied().unwrap_or(self.text.len());
        let wanted = self.units_before(start)? + place.character as usize;
        let (mut units, from) = self.last_mark(|(units, _)| *units <= wanted)?;
        for (at, c) in self.text.get(from..end).unwrap_or_default().char_indices() {
            if units >= wanted {
                return Some(from + at);
            }
            units += c.len_utf16();
        }
        Some(end)
    }

    fn units_before(&self, offset: usize) -> Option<usize> {
        let (units, from) = self.last_mark(|(_, at)| *at <= offset)?;
        Some(units + self.text.get(from..offset)?.encode_utf16().count())
    }

    fn last_mark(&self, is_before: impl Fn(&(usize, usize)) -> bool) -> Option<(usize, usize)> {
        let behind = self.marks.partition_point(is_before);
        self.marks.get(behind.checked_sub(1)?).copied()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn outside(line: u32, character: u32) -> Diagnostic {
        let start = json!({ "line": line, "character": character });
        let diagnostic = json!({ "range": { "start": start }, "severity": 1, "code": 1108, "message": "" });
        serde_json::from_value(diagnostic).unwrap()
    }

    #[test]
    fn returns_outside_of_functions_are_replaced_and_places_mapped_back() {
        let source = "if (😀) return a;\r\nif (b) { return; } return /* x */ c\nreturn // d\n";
        let mut program = Program::new(source);
        let found = [outside(1, 9), outside(0, 8), outside(1, 19), outside(2, 0), outside(1, 9)];
        let text = program.without_returns(&found).unwrap();
        assert_eq!(text, "if (😀) throw  a;\r\nif (b) { throw 0; } throw  /* x */ c\nthrow 0 // d\n");
        let lines = Lines::new(&text);
        for word in [" a;", "if (b)", "/* x */", "c\n", "// d"] {
            let at = text.find(word).unwrap();
            let line = text[..at].matches('\n').count();
            let start = text[..at].rfind('\n').map_or(0, |at| at + 1);
            let character = text[start..at].encode_utf16().count();
            let place = Position { line: line.try_into().unwrap(), character: character.try_into().unwrap() };
            assert_eq!(program.offset(&lines, place), source.find(word), "{word}");
        }
    }

    #[test]
    fn what_is_no_return_stays() {
        for (source, found) in [
            ("const a = 1;", outside(0, 0)),
            ("returns", outside(9, 0)),
            ("x", outside(0, 4_000_000_000)),
            ("", outside(0, 0)),
        ] {
            assert_eq!(Program::new(source).without_returns(&[found]), None, "{source}");
        }
    }

    #[test]
    fn a_return_may_give_nothing() {
        for rest in ["", " ", ";", " }", "\n1", " // 1", " /* a\n */ 1", "/* */;", "\u{2028}"] {
            assert!(gives_nothing(rest), "{rest:?}");
        }
        for rest in [" 1", "(1)", " /* a */ 1", "[", " await x", "`a`"] {
            assert!(!gives_nothing(rest), "{rest:?}");
        }
    }

    #[test]
    fn lines_end_where_the_language_says() {
        let source = "a\rb\r\nc\u{2028}d\n😀e";
        for (text, place) in [("a", (1, 1)), ("b", (2, 1)), ("c", (3, 1)), ("d", (4, 1)), ("e", (5, 2))] {
            assert_eq!(place_of(source, source.find(text).unwrap()), place, "{text}");
        }
        assert_eq!(place_of(source, 4_000), (5, 3));
    }

    #[test]
    fn places_are_found_by_searching_as_by_counting() {
        let text = "ab😀é\r\n\u{2028}x\n".repeat(200) + &"é😀z".repeat(2_000);
        let lines = Lines::new(&text);
        for (number, line) in text.split_inclusive('\n').enumerate() {
            let start = line.as_ptr() as usize - text.as_ptr() as usize;
            let mut units = 0;
            for (at, c) in line.char_indices() {
                let place =
                    Position { line: number.try_into().unwrap(), character: units.try_into().unwrap() };
                assert_eq!(lines.offset(place), Some(start + at), "{place:?}");
                units += c.len_utf16();
            }
        }
    }

    #[test]
    fn many_places_of_one_long_line_are_found_in_little_time() {
        let source = "return 1;".repeat(100_000);
        let found: Vec<Diagnostic> = (0..100_000).map(|at| outside(0, at * 9)).collect();
        let begun = std::time::Instant::now();
        let mut program = Program::new(&source);
        let text = program.without_returns(&found).unwrap();
        let lines = Lines::new(&text);
        let last = found.iter().filter_map(|one| program.offset(&lines, one.range.start)).max();
        // Counting from the line's beginning for each takes minutes.
        assert!(begun.elapsed() < std::time::Duration::from_secs(10), "{:?}", begun.elapsed());
        assert_eq!(last, Some(99_999 * 9));
        assert!(!text.contains("return"));
    }

    #[test]
    fn places_are_bounded_by_their_lines() {
        let lines = Lines::new("a😀b\nc");
        let offset = |line, character| lines.offset(Position { line, character });
        assert_eq!(offset(0, 0), Some(0));
        assert_eq!(offset(0, 1), Some(1));
        assert_eq!(offset(0, 3), Some(5));
        assert_eq!(offset(0, 400), Some(7));
        assert_eq!(offset(1, 9), Some(8));
        assert_eq!(offset(2, 0), None);
    }
}
