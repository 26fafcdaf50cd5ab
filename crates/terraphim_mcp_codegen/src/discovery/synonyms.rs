//! Words that mean the same to somebody who looks for a tool: a table of our
//! own for software and everyday tasks, and whatever the caller adds to it.

use std::{
    collections::{BTreeMap, HashMap},
    sync::LazyLock,
};

use super::words;

/// Longest phrase that is looked up, in words.
pub(super) const MAX_PHRASE_WORDS: usize = 3;
/// Most phrases and words of one group.
const MAX_GROUP: usize = 64;
/// Most words for which one phrase may stand.
const MAX_RELATED: usize = 48;

/// Groups of words of like meaning, one on each line. A word may be in several.
const GROUPS: &str = include_str!("synonyms.txt");

static BUILT_IN: LazyLock<Synonyms> = LazyLock::new(|| {
    let mut synonyms = Synonyms { related: HashMap::new() };
    for line in GROUPS.lines() {
        synonyms.add(line.split_whitespace());
    }
    synonyms
});

/// What words may stand for each other in a search.
#[derive(Debug, Clone)]
pub struct Synonyms {
    /// By phrase, in stems with one space between: the stems that may stand for it, and how much each counts.
    related: HashMap<String, BTreeMap<Box<str>, f32>>,
}

impl Synonyms {
    /// The table that every search uses unless another is given.
    pub fn built_in() -> &'static Self {
        &BUILT_IN
    }

    /// The built-in table and groups of the caller's own: each a list of words or
    /// short phrases of one meaning, as a thesaurus or a knowledge graph has them.
    pub fn with_groups<G, W>(groups: impl IntoIterator<Item = G>) -> Self
    where
        G: IntoIterator<Item = W>,
        W: AsRef<str>,
    {
        let mut synonyms = Self::built_in().clone();
        for group in groups {
            synonyms.add(group);
        }
        synonyms
    }

    fn add<W: AsRef<str>>(&mut self, group: impl IntoIterator<Item = W>) {
        let mut phrases: Vec<Vec<String>> = Vec::new();
        for phrase in group.into_iter().take(MAX_GROUP) {
            let mut terms = words::terms(phrase.as_ref());
            terms.retain(|term| !words::is_stop_word(term));
            if !terms.is_empty() && terms.len() <= MAX_PHRASE_WORDS && !phrases.contains(&terms) {
                phrases.push(terms);
            }
        }
        for phrase in &phrases {
            let related = self.related.entry(phrase.join(" ")).or_default();
            for other in phrases.iter().filter(|other| *other != phrase) {
                // The words of a phrase share what the phrase counts.
                let share = 1.0 / f32::from(u8::try_from(other.len()).unwrap_or(u8::MAX));
                for term in other.iter().filter(|term| !phrase.contains(term)) {
                    if related.len() < MAX_RELATED || related.contains_key(term.as_str()) {
                        let known = related.entry(term.as_str().into()).or_default();
                        *known = known.max(share);
                    }
                }
            }
        }
    }

    /// The stems that may stand for a phrase of stems, with how much each counts, 0 to 1.
    pub(super) fn of(&self, phrase: &str) -> impl Iterator<Item = (&str, f32)> {
        let related = self.related.get(phrase);
        related.into_iter().flatten().map(|(term, share)| (term.as_ref(), *share))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_of_the_caller_extend_the_table() {
        let synonyms = Synonyms::with_groups([["pull request", "merge proposal", "pr"]]);
        let of = |phrase: &str| synonyms.of(phrase).map(|(term, _)| term).collect::<Vec<_>>();
        assert_eq!(of("pull request"), ["merg", "pr", "proposal"]);
        assert!(of("pr").contains(&"pull") && of("remov").contains(&"delet"));
    }

    #[test]
    fn the_table_has_groups_of_at_least_two_different_stems() {
        for line in GROUPS.lines() {
            let stems: std::collections::BTreeSet<_> = words::terms(line).into_iter().collect();
            assert!(stems.len() >= 2, "{line}");
            assert!(line.split_whitespace().all(|word| !words::is_stop_word(word)), "{line}");
        }
    }
}
