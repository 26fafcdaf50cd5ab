//! Caseless form of text, with the way back to positions in the original.
//!
//! Two texts are the same here if they differ only in case, in how accents are
//! composed, or in how many blanks stand between words. This is Unicode's
//! canonical caseless matching (The Unicode Standard, D145) except that several
//! accents on one letter are compared in the order in which they are written.

use unicode_normalization::char::{decompose_canonical, is_combining_mark};

/// The caseless form of a text: `É`, `é` and `e` with an accent are the same,
/// `ß` is `ss`, `İ` is `i` with a dot above, a run of blanks is one space.
///
/// ```
/// assert_eq!(terraphim_kg::fold("STRASSE  9"), terraphim_kg::fold("straße 9"));
/// ```
pub fn fold(text: &str) -> String {
    Folded::new(text).text
}

/// Whether a character is an accent or another mark on the one before it.
pub fn is_combining(c: char) -> bool {
    !c.is_ascii() && is_combining_mark(c)
}

/// Whether a character belongs to a script that is written without blanks
/// between words, or that joins particles to them: Chinese, Japanese, Korean,
/// Thai, Lao, Khmer, Burmese.
pub fn is_spaceless(c: char) -> bool {
    matches!(u32::from(c),
        0x0E00..=0x0EFF | 0x1000..=0x109F | 0x1100..=0x11FF | 0x1780..=0x17FF
        | 0x2E80..=0x2FDF | 0x3005..=0x3007 | 0x3021..=0x3029 | 0x3031..=0x303C
        | 0x3041..=0x30FF | 0x3100..=0x318F | 0x31A0..=0x31FF | 0x3400..=0x4DBF
        | 0x4E00..=0x9FFF | 0xA960..=0xA97F | 0xAC00..=0xD7FF | 0xF900..=0xFAFF
        | 0xFF66..=0xFFDC | 0x1B000..=0x1B16F | 0x20000..=0x3FFFF)
}

/// A folded text that knows where each of its parts came from.
#[derive(Debug)]
pub(crate) struct Folded {
    pub(crate) text: String,
    pieces: Vec<Piece>,
    original_length: usize,
}

/// A stretch of the folded text, up to the next piece.
#[derive(Debug, Clone, Copy)]
struct Piece {
    folded: usize,
    original: usize,
    kind: PieceKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PieceKind {
    /// Every character kept its length, so offsets differ by a constant.
    Shifted,
    /// One character, or one run of blanks, that changed its length; only its two ends are positions.
    Whole,
}

impl Folded {
    pub(crate) fn new(text: &str) -> Self {
        let mut folded =
            Self { text: String::with_capacity(text.len()), pieces: Vec::new(), original_length: text.len() };
        let mut at = 0;
        while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
            let plain = plain_length(rest.as_bytes());
            if plain > 0 {
                folded.plain(at, rest.get(..plain).unwrap_or_default());
                at += plain;
            } else {
                at += folded.step(at, rest);
            }
        }
        folded
    }

    /// Appends ASCII text in which no blank is changed.
    fn plain(&mut self, original: usize, text: &str) {
        let start = self.text.len();
        self.text.push_str(text);
        if let Some(written) = self.text.get_mut(start..) {
            written.make_ascii_lowercase();
        }
        self.shifted(start, original);
    }

    /// Appends one character, or one run of blanks; its length in the original.
    fn step(&mut self, original: usize, rest: &str) -> usize {
        let mut chars = rest.char_indices().peekable();
        let Some((_, c)) = chars.next() else { return 0 };
        let mut end = c.len_utf8();
        if !c.is_whitespace() {
            self.piece(original, end, |out| fold_char(c, out));
            return end;
        }
        let mut line_ends = usize::from(c == '\n');
        while let Some((at, blank)) = chars.next_if(|(_, next)| next.is_whitespace()) {
            end = at + blank.len_utf8();
            line_ends += usize::from(blank == '\n');
        }
        // Words on both sides of an empty line are not one phrase.
        let blank = if line_ends > 1 { '\n' } else { ' ' };
        self.piece(original, end, |out| out.push(blank));
        end
    }

    /// Appends what `write` gives for `length` bytes of the original.
    fn piece(&mut self, original: usize, length: usize, write: impl FnOnce(&mut String)) {
        let start = self.text.len();
        write(&mut self.text);
        let kept = self.text.len() - start == length
            && self.text.get(start..).is_some_and(|written| written.chars().nth(1).is_none());
        if kept {
            self.shifted(start, original);
        } else {
            self.pieces.push(Piece { folded: start, original, kind: PieceKind::Whole });
        }
    }

    /// Notes that what stands from `start` on kept its length.
    fn shifted(&mut self, start: usize, original: usize) {
        if self.pieces.last().is_none_or(|last| last.kind != PieceKind::Shifted) {
            self.pieces.push(Piece { folded: start, original, kind: PieceKind::Shifted });
        }
    }

    /// The position in the original that a position in the folded text stands
    /// for, if it lies between two characters of the original. `hint` makes
    /// questions about neighbouring positions cheap; it starts at zero.
    pub(crate) fn original_position(&self, folded: usize, original: &str, hint: &mut usize) -> Option<usize> {
        if folded == self.text.len() {
            return Some(self.original_length);
        }
        if let [Piece { folded: 0, original: start, kind: PieceKind::Shifted }] = self.pieces.as_slice() {
            return Some(start + folded).filter(|at| original.is_char_boundary(*at));
        }
        *hint = self.piece_at(folded, *hint)?;
        let piece = self.pieces.get(*hint)?;
        let offset = folded - piece.folded;
        match piece.kind {
            PieceKind::Whole if offset > 0 => None,
            _ => Some(piece.original + offset).filter(|at| original.is_char_boundary(*at)),
        }
    }

    fn piece_at(&self, folded: usize, hint: usize) -> Option<usize> {
        let starts_by = |index: usize| self.pieces.get(index).is_some_and(|piece| piece.folded <= folded);
        if starts_by(hint) {
            let near = (hint..hint + 4).find(|index| !starts_by(index + 1));
            if near.is_some() {
                return near;
            }
        }
        self.pieces.partition_point(|piece| piece.folded <= folded).checked_sub(1)
    }
}

/// How many bytes from the start on are visible ASCII with single spaces between.
fn plain_length(bytes: &[u8]) -> usize {
    let visible = |byte: &u8| *byte > b' ' && byte.is_ascii();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        if !visible(byte) && (*byte != b' ' || !bytes.get(at + 1).is_none_or(visible)) {
            break;
        }
        at += 1;
    }
    at
}

fn fold_char(c: char, out: &mut String) {
    if c.is_ascii() {
        out.push(c.to_ascii_lowercase());
        return;
    }
    decompose_canonical(c, |part| {
        case_fold(part, |folded| decompose_canonical(folded, |last| out.push(last)));
    });
}

/// Full case folding of one character. The way over both cases unites what
/// Unicode's table unites (ſ and s, ς and σ, ẞ and ss); the dotless i alone
/// would be drawn to i by it, and stays itself.
fn case_fold(c: char, mut emit: impl FnMut(char)) {
    if c == 'ı' {
        emit(c);
        return;
    }
    let cases = c.to_lowercase().flat_map(char::to_uppercase).flat_map(char::to_lowercase);
    cases.for_each(&mut emit);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unicode_case_is_folded() {
        for (left, right) in [
            ("ÉCLAIR", "e\u{301}clair"),
            ("Straße", "STRASSE"),
            ("STRAẞE", "strasse"),
            ("İ", "i\u{307}"),
            ("ΟΔΟΣ", "οδος"),
            ("ﬁn", "FIN"),
            ("\u{212A}", "k"),
            ("ſ", "S"),
            ("各\u{3000}国", "各 国"),
            ("rust\r\nasync", "rust async"),
        ] {
            assert_eq!(fold(left), fold(right), "{left} and {right}");
        }
        for (left, right) in [("ı", "i"), ("é", "e"), ("rust\n\nasync", "rust async")] {
            assert_ne!(fold(left), fold(right), "{left} and {right}");
        }
    }

    #[test]
    fn only_character_boundaries_are_positions() {
        let text = "aßİb";
        let folded = Folded::new(text);
        assert_eq!(folded.text, "assi\u{307}b");
        let positions: Vec<_> =
            (0..=folded.text.len()).map(|at| folded.original_position(at, text, &mut 0)).collect();
        assert_eq!(
            positions,
            [Some(0), Some(1), None, Some(3), None, None, Some(5), Some(6)],
            "inside ß and İ there is no position"
        );
    }
}
