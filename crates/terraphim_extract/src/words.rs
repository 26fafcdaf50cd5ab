//! The words around a block: what they say of whether it is to be run.

mod phrases;

pub(crate) use phrases::{AFTER, BEFORE, HEADING, Phrases, WARNED};

use crate::info::{head, tail};

/// Bytes before and after a block that are looked at.
const NEAR_BYTES: usize = 400;

/// The words before a block that are its own: its last paragraph, or what that says behind its last full stop
/// where a colon ends it.
pub(crate) fn near_before(prose: &str) -> String {
    let near = plain(tail(prose, NEAR_BYTES));
    let sentence = near.trim_end().trim_end_matches([':', '.', '!', ' ']);
    let from =
        [". ", "! ", "? ", "\n"].iter().filter_map(|end| sentence.rfind(end).map(|at| at + end.len())).max();
    let last = near.get(from.unwrap_or(0)..).unwrap_or_default();
    // A short last sentence stands on the one before it.
    if last.len() < 12 { near } else { last.to_owned() }
}

/// The words behind a block.
pub(crate) fn near_after(prose: &str) -> String {
    plain(head(prose, NEAR_BYTES))
}

/// Lower case, one kind of apostrophe, without emphasis.
pub(crate) fn plain(text: &str) -> String {
    text.chars()
        .filter(|c| !matches!(c, '*' | '_'))
        .map(|c| if c == '’' { '\'' } else { c })
        .collect::<String>()
        .to_lowercase()
}

/// The signs of a table that are found in `text`, which is in lower case.
pub(crate) fn signs<'p>(
    text: &str,
    table: &'p [Phrases],
) -> impl Iterator<Item = (&'static str, i32)> + use<'p> {
    let text = text.to_owned();
    table
        .iter()
        .filter(move |(_, _, phrases)| phrases.iter().any(|phrase| holds(&text, phrase)))
        .map(|(name, points, _)| (*name, *points))
}

/// Whether a phrase begins at the start of a word.
fn holds(text: &str, phrase: &str) -> bool {
    let begins = |at: usize| !text.get(..at).unwrap_or_default().ends_with(|c: char| c.is_alphanumeric());
    text.match_indices(phrase).any(|(at, _)| begins(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_sentence_is_what_introduces() {
        assert_eq!(near_before("It failed. **Here’s** the fix, complete:"), "here's the fix, complete:");
        assert_eq!(near_before("Run this. Now:"), "run this. now:");
        let found: Vec<_> = signs("for example this", BEFORE).map(|(name, _)| name).collect();
        assert_eq!(found, ["introduced as an example"]);
        assert_eq!(signs("unavoidable", BEFORE).count(), 0);
    }
}
