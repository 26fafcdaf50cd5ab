//! Cuts the piece out of a note that shows best why it was found.

use std::collections::{HashMap, HashSet};

use tantivy::Score;

use crate::tokenizer::{Form, tokens};

/// Longest snippet, in characters.
const MAX_CHARS: usize = 300;

/// How far apart the first and the last word may stand that one snippet shows, in characters.
const WINDOW_CHARS: usize = 200;

/// How much of what stands before the first of them is shown, in characters.
const LEAD_CHARS: usize = 60;

/// What a further occurrence of a word counts beside its first.
const REPETITION_WEIGHT: Score = 0.1;

struct Hit {
    token: String,
    weight: Score,
    /// Where the word begins and ends, in characters.
    chars: (usize, usize),
}

/// At most 300 characters of plain text around the best place; the beginning if no word occurs.
pub(crate) fn snippet(text: &str, highlights: &HashMap<String, Score>) -> String {
    let found = hits(text, highlights);
    let Some(first) = best_window(&found) else { return excerpt(text, 0) };
    excerpt(text, first.chars.0.saturating_sub(LEAD_CHARS))
}

fn hits(text: &str, highlights: &HashMap<String, Score>) -> Vec<Hit> {
    let mut found = Vec::new();
    let (mut byte, mut char) = (0, 0);
    for token in tokens(text, Form::Stem) {
        let Some(weight) = highlights.get(&token.text).copied() else { continue };
        let count = |from, to| text.get(from..to).map_or(0, |part: &str| part.chars().count());
        let from = char + count(byte, token.offset_from);
        let to = from + count(token.offset_from, token.offset_to);
        (byte, char) = (token.offset_to, to);
        found.push(Hit { token: token.text, weight, chars: (from, to) });
    }
    found
}

/// The first word of the window that holds the most different words; the earliest of equals.
fn best_window(hits: &[Hit]) -> Option<&Hit> {
    let mut best: Option<(&Hit, Score)> = None;
    for (position, first) in hits.iter().enumerate() {
        let window = hits.iter().skip(position).take_while(|hit| hit.chars.1 <= first.chars.0 + WINDOW_CHARS);
        let mut seen = HashSet::new();
        let worth: Score =
            window
                .map(|hit| {
                    if seen.insert(hit.token.as_str()) { hit.weight } else { hit.weight * REPETITION_WEIGHT }
                })
                .sum();
        if best.is_none_or(|(_, most)| worth > most) {
            best = Some((first, worth));
        }
    }
    best.map(|(first, _)| first)
}

/// Whole words from about the given character on, with `…` where something is left out.
fn excerpt(text: &str, from: usize) -> String {
    let mut rest = text.chars().skip(from).peekable();
    if from > 0 {
        // Begin with a whole word, if one begins before the place that is to be shown.
        let skipped = text.chars().skip(from).take(LEAD_CHARS).position(char::is_whitespace);
        for _ in 0..skipped.unwrap_or(0) {
            rest.next();
        }
    }
    let mut shown = String::new();
    let mut length = 0;
    let mut last_blank = None;
    let mut blank = false;
    // Two characters are kept for the marks.
    while let Some(c) = rest.next_if(|_| length < MAX_CHARS - 2) {
        if c.is_whitespace() || c.is_control() {
            blank = length > 0;
            continue;
        }
        if std::mem::take(&mut blank) {
            last_blank = Some(shown.len());
            shown.push(' ');
            length += 1;
        }
        if length < MAX_CHARS - 2 {
            shown.push(c);
            length += 1;
        }
    }
    if rest.any(|c| !c.is_whitespace()) {
        // A single long word, as in scripts without blanks, is cut where the room ends.
        if let Some(end) = last_blank.filter(|end| *end * 2 > shown.len()) {
            shown.truncate(end);
        }
        shown.push('…');
    }
    if from > 0 { format!("…{shown}") } else { shown }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn highlights(words: &[&str]) -> HashMap<String, Score> {
        words.iter().map(|word| ((*word).to_owned(), 1.0)).collect()
    }

    #[test]
    fn the_place_with_most_words_is_shown() {
        let filler = "filler words stand here ".repeat(40);
        let text = format!("rust alone. {filler} the rust\n\nasync   pattern is here. {filler}");
        let shown = snippet(&text, &highlights(&["rust", "async", "pattern"]));
        assert!(shown.contains("the rust async pattern is here."), "{shown}");
        assert!(shown.starts_with('…') && shown.ends_with('…'), "{shown}");
        assert!(shown.chars().count() <= MAX_CHARS);
    }

    #[test]
    fn short_and_unmatched_texts_are_shown_from_the_start() {
        assert_eq!(snippet("  A short\n note. ", &highlights(&["rust"])), "A short note.");
        assert_eq!(snippet("", &highlights(&["rust"])), "");
        let long = "検索".repeat(400);
        let shown = snippet(&long, &highlights(&[]));
        assert_eq!(shown.chars().count(), 299);
    }

    proptest! {
        #[test]
        fn any_text_gives_a_bounded_plain_snippet(text in "([a-c]{1,9}|[ \n\u{1}]|检|\\PC){0,500}") {
            let shown = snippet(&text, &highlights(&["a", "b", "检", "abc"]));
            prop_assert!(shown.chars().count() <= MAX_CHARS);
            prop_assert!(!shown.chars().any(char::is_control));
        }
    }
}
