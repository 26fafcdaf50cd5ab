//! From positions in generated code back to the agent's own lines.

/// A place in the program's text, both from 1; columns count characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The line.
    pub line: u32,
    /// The column.
    pub column: u32,
}

/// The position of a byte offset.
pub fn of_offset(source: &str, offset: u32) -> Position {
    let end = source.floor_char_boundary(offset as usize);
    let before = source.get(..end).unwrap_or_default();
    let (line, start) = line_starts(before).enumerate().last().unwrap_or_default();
    let column = before.get(start..).unwrap_or_default().chars().count();
    Position { line: number(line + 1), column: number(column + 1) }
}

/// Where the lines of a text begin, as byte offsets. Lines end where the
/// language says, so that all positions of a program are counted alike.
fn line_starts(text: &str) -> impl Iterator<Item = usize> {
    let bytes = text.as_bytes();
    let behind_breaks = bytes.iter().enumerate().filter_map(|(at, byte)| match byte {
        b'\n' => Some(at + 1),
        b'\r' if bytes.get(at + 1) != Some(&b'\n') => Some(at + 1),
        // U+2028 and U+2029.
        0xe2 if matches!(bytes.get(at + 1..at + 3), Some([0x80, 0xa8 | 0xa9])) => Some(at + 3),
        _ => None,
    });
    std::iter::once(0).chain(behind_breaks)
}

/// The column in characters of one in UTF-16 units, both from 1, in the line that begins the text.
fn character_column(text: &str, column: u32) -> u32 {
    let mut units = 1;
    let before = text.chars().take_while(|c| {
        let stands_before = units < column as usize;
        units += c.len_utf16();
        stands_before
    });
    number(before.count() + 1)
}

fn number(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

/// One mapping: where generated code begins to stand for a place in the source, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mapping {
    /// Line of the generated code.
    pub line: u32,
    /// Column of the generated code.
    pub column: u32,
    /// Line of the source.
    pub source_line: u32,
    /// Column of the source.
    pub source_column: u32,
}

/// The mappings of one program, in the order of the generated code.
pub struct Positions {
    mappings: Vec<Mapping>,
}

impl Positions {
    /// Takes mappings in any order.
    pub fn new(mut mappings: Vec<Mapping>) -> Self {
        mappings.sort_unstable();
        Self { mappings }
    }

    /// The source position of a generated one (both from 1): that of the last
    /// mapping of the same line at or before it.
    pub fn find(&self, line: u32, column: u32) -> Option<Position> {
        let (line, column) = (line.checked_sub(1)?, column.saturating_sub(1));
        let end = self.mappings.partition_point(|mapping| (mapping.line, mapping.column) <= (line, column));
        let mapping = self.mappings.get(end.checked_sub(1)?).filter(|mapping| mapping.line == line);
        let mapping = mapping.or_else(|| self.mappings.get(end).filter(|mapping| mapping.line == line))?;
        Some(Position { line: mapping.source_line + 1, column: mapping.source_column + 1 })
    }

    /// Rewrites an interpreter's stack: frames of the program with the agent's
    /// positions, all others left out. Also gives the innermost position.
    pub fn stack(&self, source: &str, stack: &str, file: &str) -> (Option<Position>, String) {
        let mut innermost = None;
        let mut lines = Vec::new();
        let mut starts = Vec::new();
        for frame in stack.lines().take(200) {
            let Some((name, position)) = parse_frame(frame, file) else { continue };
            let Some(mut position) = self.find(position.line, position.column) else { continue };
            if starts.is_empty() {
                starts.extend(line_starts(source));
            }
            let line = starts.get((position.line as usize).saturating_sub(1));
            let line = line.and_then(|start| source.get(*start..)).unwrap_or_default();
            position.column = character_column(line, position.column);
            innermost.get_or_insert(position);
            let name = if name.is_empty() || name == "<anonymous>" { "the program" } else { name };
            lines.push(format!("at {name} ({}:{})", position.line, position.column));
            if lines.len() == 20 {
                break;
            }
        }
        (innermost, lines.join("\n"))
    }
}

/// Reads `at name (file:line:column)` or `at file:line:column`.
fn parse_frame<'a>(frame: &'a str, file: &str) -> Option<(&'a str, Position)> {
    let frame = frame.trim().strip_prefix("at ")?;
    let start = frame.find(file)?;
    let name = frame.get(..start)?.trim_end_matches('(').trim();
    let numbers = frame.get(start + file.len()..)?.trim_end_matches(')').strip_prefix(':')?;
    let (line, column) = numbers.split_once(':').unwrap_or((numbers, "1"));
    Some((name, Position { line: line.parse().ok()?, column: column.parse().ok()? }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_count_characters() {
        let source = "ab\nä€x\n";
        assert_eq!(of_offset(source, 0), Position { line: 1, column: 1 });
        assert_eq!(of_offset(source, 3), Position { line: 2, column: 1 });
        assert_eq!(of_offset(source, 8), Position { line: 2, column: 3 });
        assert_eq!(of_offset(source, 4), Position { line: 2, column: 1 }, "inside a character");
        assert_eq!(of_offset(source, 4_000_000_000), Position { line: 3, column: 1 }, "behind the end");
    }

    #[test]
    fn columns_count_characters() {
        assert_eq!(character_column("😀😀x", 5), 3);
        assert_eq!(character_column("abc", 2), 2);
        assert_eq!(character_column("", 7), 1);
    }

    #[test]
    fn lines_end_as_in_the_language() {
        let source = "a\rb\r\nc\u{2028}d\u{2029}\u{2027}e";
        assert_eq!(line_starts(source).collect::<Vec<_>>(), [0, 2, 5, 9, 13]);
        for (text, line, column) in [("a", 1, 1), ("b", 2, 1), ("c", 3, 1), ("d", 4, 1), ("e", 5, 2)] {
            let offset = u32::try_from(source.find(text).unwrap()).unwrap();
            assert_eq!(of_offset(source, offset), Position { line, column }, "{text}");
        }
    }

    #[test]
    fn stacks_are_mapped_and_foreign_frames_left_out() {
        let positions = Positions::new(vec![
            Mapping { line: 1, column: 0, source_line: 9, source_column: 4 },
            Mapping { line: 1, column: 10, source_line: 9, source_column: 20 },
        ]);
        let stack = "    at inner (<p>:2:12)\n    at call (<prelude>:9:9)\n    at <anonymous> (<p>:2:1)\n    at <p>:7:7\n at";
        let source = format!("{}{}", "\n".repeat(9), "x".repeat(40));
        let (innermost, text) = positions.stack(&source, stack, "<p>");
        assert_eq!(innermost, Some(Position { line: 10, column: 21 }));
        assert_eq!(text, "at inner (10:21)\nat the program (10:5)");
    }
}
