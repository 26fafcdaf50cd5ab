//! The words around a block: what they say of whether it is to be run.

mod languages;
mod order;
mod phrases;
mod rules;
pub(crate) mod stance;
mod stances;

use order::{ORDER, ORDER_WITHIN, STEP};
use phrases::{AFTER, BEFORE, Phrases};
pub(crate) use phrases::{HEADING, OUTPUT, PART, SAVED, SETUP, WARNED};

use crate::{
    content::Sign,
    info::{head, tail},
};

/// Bytes before and after a block that are looked at.
const NEAR_BYTES: usize = 400;

/// The words before a block that are its own: its last paragraph, or what that says behind its last full stop
/// where a colon ends it.
pub(crate) fn near_before(prose: &str) -> String {
    let near = near(prose);
    let last = near.get(last_sentence(&near)..).unwrap_or_default();
    // A short last sentence stands on the one before it, unless it says enough: `Fixed:`.
    let says_enough = || !before(last).is_empty() || stance::replaces(last);
    if last.len() >= 12 || says_enough() { last.to_owned() } else { near }
}

/// The end of the paragraph before a block.
pub(crate) fn near(prose: &str) -> String {
    plain(tail(prose, NEAR_BYTES))
}

/// Where the last sentence of a text begins.
fn last_sentence(text: &str) -> usize {
    let sentence = text.trim_end().trim_end_matches([':', '：', '.', '。', '!', ' ']);
    let ends = [". ", "! ", "? ", "\n", "。", "！", "？"];
    ends.iter().filter_map(|end| sentence.rfind(end).map(|at| at + end.len())).max().unwrap_or(0)
}

/// The words behind a block. A sentence that a colon ends introduces what comes next, and says nothing of
/// what was before it.
pub(crate) fn near_after(prose: &str) -> String {
    let prose = prose.trim_end();
    let own = if prose.ends_with([':', '：']) { prose.get(..last_sentence(prose)) } else { Some(prose) };
    plain(head(own.unwrap_or_default(), NEAR_BYTES))
}

/// Whether a text speaks of an order among steps.
pub(crate) fn is_ordered(text: &str) -> bool {
    ORDER.iter().any(|word| holds_word(text, word)) || ORDER_WITHIN.iter().any(|word| text.contains(word))
}

/// Whether a text begins with a number, or speaks of a step with one.
pub(crate) fn is_numbered(text: &str) -> bool {
    let begins = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
    let text = text.trim_start();
    let digits = text.trim_start_matches(|c: char| c.is_ascii_digit());
    begins(text) && digits.starts_with(['.', ')', ':'])
        || STEP.iter().any(|word| {
            let behind = |at: usize| text.get(at + word.len()..).unwrap_or_default().trim_start();
            text.match_indices(word).any(|(at, _)| begins(behind(at)))
        })
        || text.contains("第") && text.contains("步")
        || text.contains("步骤")
}

/// Lower case, one kind of apostrophe, without emphasis.
pub(crate) fn plain(text: &str) -> String {
    text.chars()
        .filter(|c| !matches!(c, '*' | '_'))
        .map(|c| if c == '’' { '\'' } else { c })
        .collect::<String>()
        .to_lowercase()
}

/// The signs that the words before a block hold.
pub(crate) fn before(text: &str) -> Vec<Sign> {
    let mut found = signs(text, [BEFORE, languages::BEFORE]);
    found.extend(stance::before(text));
    found
}

/// The signs that the words behind a block hold.
pub(crate) fn after(text: &str) -> Vec<Sign> {
    let mut found = signs(text, [AFTER, languages::AFTER]);
    found.extend(stance::after(text));
    found
}

/// The signs that a heading holds.
pub(crate) fn heading(text: &str) -> Vec<Sign> {
    signs(text, [HEADING, &[]])
}

/// The signs of tables that are found in `text`, which is in lower case; each once.
fn signs(text: &str, tables: [&'static [Phrases]; 2]) -> Vec<Sign> {
    let mut found: Vec<Sign> = Vec::new();
    for (name, points, phrases) in tables.into_iter().flatten() {
        if phrases.iter().any(|phrase| holds(text, phrase)) && !found.contains(&(*name, *points)) {
            found.push((*name, *points));
        }
    }
    found
}

/// Whether a word stands in a text as a whole.
fn holds_word(text: &str, word: &str) -> bool {
    let ends = |at: usize| {
        !text.get(at + word.len()..).unwrap_or_default().starts_with(|c: char| c.is_alphanumeric())
    };
    let begins = |at: usize| !text.get(..at).unwrap_or_default().ends_with(|c: char| c.is_alphanumeric());
    text.match_indices(word).any(|(at, _)| begins(at) && ends(at))
}

/// Whether a phrase begins at the start of a word; Chinese has no blanks that would show one.
fn holds(text: &str, phrase: &str) -> bool {
    let is_spaceless = phrase.starts_with(|c: char| c >= '\u{2e80}');
    let begins = |at: usize| {
        is_spaceless || !text.get(..at).unwrap_or_default().ends_with(|c: char| c.is_alphanumeric())
    };
    text.match_indices(phrase).any(|(at, _)| begins(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_sentence_is_what_introduces() {
        assert_eq!(near_before("It failed. **Here’s** the fix, complete:"), "here's the fix, complete:");
        assert_eq!(near_before("Run this. Now:"), "run this. now:");
        assert_eq!(before("for example this"), [("introduced as an example", -30)]);
        assert_eq!(before("unavoidable"), []);
        assert_eq!(before("por ejemplo, for example"), [("introduced as an example", -30)]);
        assert_eq!(before("程序如下,例如"), [("introduced as an example", -30)]);
    }

    #[test]
    fn a_sentence_with_a_colon_says_nothing_of_what_was_before() {
        assert_eq!(near_after("That is wrong. Don't run this:"), "that is wrong. ");
        assert_eq!(near_after("Don't run this:"), "");
        assert_eq!(near_after("Don't run this."), "don't run this.");
    }

    #[test]
    fn words_of_an_order_are_seen() {
        for text in
            ["step 2: count", "2. count", "3) count", "schritt 1", "paso 3", "第二步", "this is part 2 of it"]
        {
            assert!(is_numbered(text), "{text}");
        }
        for text in ["then count", "and finally the sum", "然后计算"] {
            assert!(is_ordered(text) && !is_numbered(text), "{text}");
        }
        for text in ["the authentication", "2024 was good", "footstep", ""] {
            assert!(!is_ordered(text) && !is_numbered(text), "{text}");
        }
    }
}
