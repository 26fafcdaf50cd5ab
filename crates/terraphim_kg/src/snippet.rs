//! A short piece of a text around what was found in it.

use std::ops::Range;

/// A piece of a text on one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snippet {
    /// The piece, its blanks made single; `…` stands where the text goes on.
    pub text: String,
    /// Where it comes from, in bytes of the whole.
    pub source: Range<usize>,
    /// What was found, as places in `text`, in bytes.
    pub highlights: Vec<Range<usize>>,
}

/// The stretch of a text, of at most so many characters, in which most of what
/// was found begins; of equally rich ones the first, and with nothing found the
/// start of the text. It is cut between words where it can be. `found` are byte
/// ranges in order, as a matcher gives them.
///
/// ```
/// let found = [20..24];
/// let snippet = terraphim_kg::snippet("Long before the new rust book came out", &found, 16);
/// assert_eq!(snippet.text, "…new rust book…");
/// assert_eq!(&snippet.text[snippet.highlights[0].clone()], "rust");
/// ```
pub fn snippet(text: &str, found: &[Range<usize>], max_chars: usize) -> Snippet {
    let found = usable(text, found);
    let source = window(text, &found, max_chars);
    let piece = text.get(source.clone()).unwrap_or_default();
    let goes_on = |part: Option<&str>| part.is_some_and(|part| !part.trim().is_empty());
    let mut made = Snippet { text: String::with_capacity(piece.len() + 6), source, highlights: Vec::new() };
    if goes_on(text.get(..made.source.start)) {
        made.text.push('…');
    }
    let mut inside = found
        .iter()
        .map(|one| &one.bytes)
        .filter(|range| made.source.start <= range.start && range.end <= made.source.end)
        .peekable();
    let mut begun = None;
    let mut blank = false;
    for (offset, c) in piece.char_indices() {
        let at = made.source.start + offset;
        if let Some(start) = begun
            && inside.next_if(|range| range.end <= at).is_some()
        {
            made.highlights.push(start..made.text.len());
            begun = None;
        }
        if c.is_whitespace() {
            blank = true;
            continue;
        }
        if std::mem::take(&mut blank) {
            made.text.push(' ');
        }
        if begun.is_none() && inside.peek().is_some_and(|range| range.start <= at) {
            begun = Some(made.text.len());
        }
        made.text.push(c);
    }
    if let Some(start) = begun {
        made.highlights.push(start..made.text.len());
    }
    if goes_on(text.get(made.source.end..)) {
        made.text.push('…');
    }
    made
}

/// Something found, with its places in characters.
struct Found {
    bytes: Range<usize>,
    chars: Range<usize>,
}

/// What was found, without what is empty, out of order, or between characters.
fn usable(text: &str, found: &[Range<usize>]) -> Vec<Found> {
    let mut usable: Vec<Found> = Vec::with_capacity(found.len());
    let (mut byte, mut char) = (0, 0);
    for range in found {
        let (Some(before), Some(inside)) = (text.get(byte..range.start), text.get(range.clone())) else {
            continue;
        };
        if inside.trim().is_empty() {
            continue;
        }
        let start = char + before.chars().count();
        let end = start + inside.chars().count();
        (byte, char) = (range.end, end);
        usable.push(Found { bytes: range.clone(), chars: start..end });
    }
    usable
}

/// Where the piece to be shown lies.
fn window(text: &str, found: &[Found], max_chars: usize) -> Range<usize> {
    let mut best = 0..0;
    let mut last = 0;
    for (first, start) in found.iter().enumerate() {
        last = last.max(first);
        while found.get(last).is_some_and(|end| end.chars.end - start.chars.start <= max_chars) {
            last += 1;
        }
        if last - first > best.len() {
            best = first..last;
        }
    }
    let core = found.get(best).and_then(|kept| Some((kept.first()?, kept.last()?)));
    let Some((first, last)) = core else {
        let start = text.len() - text.trim_start().len();
        let end = forward(text, start, max_chars);
        return start..whole_words_end(text, start, end);
    };
    let spare = max_chars - (last.chars.end - first.chars.start);
    let mut start = backward(text, first.bytes.start, spare / 2);
    let before = text.get(start..first.bytes.start).unwrap_or_default();
    let end = forward(text, last.bytes.end, spare - before.chars().count());
    if cuts_word(text, start) {
        start += before.find(char::is_whitespace).unwrap_or_default();
    }
    let kept = text.get(start..first.bytes.start).unwrap_or_default();
    start += kept.len() - kept.trim_start().len();
    start..whole_words_end(text, last.bytes.end, end)
}

/// The end without half a word and without blanks, and not before `from`.
fn whole_words_end(text: &str, from: usize, end: usize) -> usize {
    let after = text.get(from..end).unwrap_or_default();
    let whole = if cuts_word(text, end) {
        after.rfind(char::is_whitespace).unwrap_or(after.len())
    } else {
        after.len()
    };
    from + after.get(..whole).unwrap_or_default().trim_end().len()
}

fn cuts_word(text: &str, at: usize) -> bool {
    let (before, after) = text.split_at_checked(at).unwrap_or((text, ""));
    before.chars().next_back().is_some_and(char::is_alphanumeric)
        && after.chars().next().is_some_and(char::is_alphanumeric)
}

fn forward(text: &str, from: usize, chars: usize) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    rest.char_indices().nth(chars).map_or(text.len(), |(at, _)| from + at)
}

fn backward(text: &str, from: usize, chars: usize) -> usize {
    let before = text.get(..from).unwrap_or_default();
    before.char_indices().rev().take(chars).last().map_or(from, |(at, _)| at)
}
