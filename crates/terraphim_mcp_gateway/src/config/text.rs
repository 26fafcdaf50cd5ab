//! JSON with comments and trailing commas, made plain without moving anything.

/// Blanks comments and trailing commas out, so that every position stays.
pub(super) fn without_comments(text: &str) -> String {
    let mut plain = text.as_bytes().to_vec();
    if plain.starts_with(b"\xEF\xBB\xBF") {
        plain.splice(..3, *b"   ");
    }
    let mut at = 0;
    let mut trailing_comma = None;
    while let Some(&byte) = plain.get(at) {
        match (byte, plain.get(at + 1)) {
            (b'"', _) => {
                trailing_comma = None;
                at = end_of_string(&plain, at);
                continue;
            }
            (b'/', Some(b'/')) => at = blank(&mut plain, at, |rest| find(rest, b"\n").unwrap_or(rest.len())),
            (b'/', Some(b'*')) => {
                at = blank(&mut plain, at, |rest| find(rest, b"*/").map_or(rest.len(), |end| end + 2));
            }
            (b',', _) => trailing_comma = Some(at),
            (b'}' | b']', _) => {
                if let Some(comma) = trailing_comma.take().and_then(|comma: usize| plain.get_mut(comma)) {
                    *comma = b' ';
                }
            }
            (byte, _) if !byte.is_ascii_whitespace() => trailing_comma = None,
            _ => {}
        }
        at += 1;
    }
    // Only whole characters were replaced, by ASCII.
    String::from_utf8(plain).unwrap_or_else(|_| text.to_owned())
}

/// The position after the string that opens at `start`.
fn end_of_string(text: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(&byte) = text.get(at) {
        match byte {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    text.len()
}

/// Blanks from `start` for the length that `length` finds in the rest, sparing
/// line feeds; answers the last blanked position.
fn blank(text: &mut [u8], start: usize, length: impl Fn(&[u8]) -> usize) -> usize {
    let rest = text.get_mut(start..).unwrap_or_default();
    let length = length(rest).min(rest.len());
    for byte in rest.iter_mut().take(length).filter(|byte| **byte != b'\n') {
        *byte = b' ';
    }
    start + length.max(1) - 1
}

fn find(text: &[u8], pattern: &[u8]) -> Option<usize> {
    // The opening `/*` must not serve as its own end.
    let skip = pattern.len().min(2);
    text.windows(pattern.len()).skip(skip).position(|window| window == pattern).map(|at| at + skip)
}
