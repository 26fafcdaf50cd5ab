//! Text on its way to a model: cut to a length, freed of characters that hide
//! or reorder what is shown.

use std::borrow::Cow;

/// Cuts `text` to at most `max_chars` characters, the last of them an ellipsis
/// where something was cut.
pub fn cut(text: &str, max_chars: usize) -> Cow<'_, str> {
    // A text has at least as many bytes as characters, so short ones are not counted.
    if text.len() <= max_chars || text.char_indices().nth(max_chars).is_none() {
        return Cow::Borrowed(text);
    }
    if max_chars == 0 {
        return Cow::Borrowed("");
    }
    let kept: String = text.chars().take(max_chars - 1).collect();
    Cow::Owned(format!("{}…", kept.trim_end()))
}

/// The text with white space collapsed into single spaces and unseen characters
/// removed, cut to `max_chars` characters.
pub fn one_line(text: &str, max_chars: usize) -> String {
    // Twice the room leaves enough for what collapsing removes, without reading a hostile megabyte.
    let head: String = text.chars().take(max_chars.saturating_mul(8).saturating_add(64)).collect();
    let words = visible(&head).split_whitespace().collect::<Vec<_>>().join(" ");
    cut(&words, max_chars).into_owned()
}

/// The first sentence or line of a description, as one line of at most `max_chars` characters.
pub fn summary(text: &str, max_chars: usize) -> String {
    let paragraph = text.trim_start().split("\n\n").next().unwrap_or_default();
    let line = one_line(paragraph, max_chars.saturating_mul(4));
    let end = line.match_indices(". ").map(|(at, _)| at + 1).find(|end| *end >= 24);
    let sentence = end.and_then(|end| line.get(..end)).unwrap_or(&line);
    cut(sentence, max_chars).into_owned()
}

/// The text without control characters (line feeds and tabs stay) and without
/// characters that change the direction or the visibility of others.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unseen) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().filter(|c| !is_unseen(*c)).collect())
}

/// Whether a character is a control other than line feed and tab, or one of the
/// format characters with which text can be hidden or reordered.
pub(crate) fn is_unseen(c: char) -> bool {
    match c {
        '\n' | '\t' => false,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{feff}' => true,
        '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' => true,
        '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}' => true,
        _ => c.is_control(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_at_characters_not_bytes() {
        assert_eq!(cut("größer", 6), "größer");
        assert_eq!(cut("größer", 5), "größ…");
        assert_eq!(cut("知识图谱搜索", 3), "知识…");
        assert_eq!(cut("ab", 0), "");
        assert_eq!(cut("ab", 1), "…");
    }

    #[test]
    fn one_line_collapses_and_removes_what_is_not_seen() {
        assert_eq!(one_line(" a\n\n  b\u{202e}c\u{0}\td ", 20), "a bc d");
        assert!(one_line(&"x ".repeat(1 << 20), 10).chars().count() <= 10);
    }

    #[test]
    fn a_summary_is_the_first_sentence() {
        assert_eq!(
            summary("Reads a range of cells from a sheet. Use it for tables.\n\nMore.", 80),
            "Reads a range of cells from a sheet."
        );
        assert_eq!(
            summary("e.g. this is one sentence, v1.2 of it", 80),
            "e.g. this is one sentence, v1.2 of it"
        );
    }
}
