//! Finds the terms of a thesaurus in a text.
//!
//! An Aho-Corasick automaton over the folded terms runs over the folded text
//! and reports every occurrence; those that cut a character or a word are
//! dropped, and of the rest the leftmost-longest stand. Dropping comes first,
//! so that a longer term that ends inside a word never hides a shorter one.

use std::{cmp::Reverse, ops::Range, sync::Arc};

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use crate::{
    fold::{Folded, is_combining, is_spaceless},
    thesaurus::{ConceptIndex, Thesaurus},
};

/// How many occurrences are gathered before the hopeless ones are dropped.
const COMPACT_AT: usize = 1 << 16;

/// Whether a term may begin or end inside a word.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Boundaries {
    /// It may not, except in scripts that put no blanks between words.
    #[default]
    Words,
    /// It may; but never inside a character and its accents.
    Anywhere,
}

/// Why no matcher could be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MatcherError {
    /// The automaton would be too large.
    #[error("the thesaurus is too large for one matcher: split it")]
    TooLarge {
        /// What the automaton's builder said.
        #[source]
        source: Box<aho_corasick::BuildError>,
    },
}

/// One term found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match {
    /// What the term stands for.
    pub concept: ConceptIndex,
    /// Where it stands in the text, in bytes.
    pub bytes: Range<usize>,
    /// Where it stands in the text, in characters.
    pub chars: Range<usize>,
}

/// A compiled thesaurus. It is made once and shared; searching takes time
/// linear in the text for any sensible thesaurus.
#[derive(Debug)]
pub struct Matcher {
    thesaurus: Arc<Thesaurus>,
    automaton: AhoCorasick,
    /// The concept of each of the automaton's patterns.
    concepts: Vec<ConceptIndex>,
    boundaries: Boundaries,
}

impl Matcher {
    /// Compiles a thesaurus.
    ///
    /// # Errors
    /// [`MatcherError::TooLarge`].
    pub fn new(thesaurus: Arc<Thesaurus>, boundaries: Boundaries) -> Result<Self, MatcherError> {
        let automaton = AhoCorasick::builder()
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .match_kind(MatchKind::Standard)
            .build(thesaurus.folded_terms().map(|(folded, _)| folded))
            .map_err(|source| MatcherError::TooLarge { source: Box::new(source) })?;
        let concepts = thesaurus.terms().map(|term| term.concept).collect();
        Ok(Self { thesaurus, automaton, concepts, boundaries })
    }

    /// What was compiled.
    pub fn thesaurus(&self) -> &Thesaurus {
        &self.thesaurus
    }

    /// The terms in a text, from left to right, without overlap, each as long as can be.
    pub fn find(&self, text: &str) -> Vec<Match> {
        let mut occurrences = self.occurrences(text);
        keep_longest(&mut occurrences);
        let mut matches = Vec::new();
        let mut free_from = 0;
        let mut chars = CharPositions { text, byte: 0, char: 0 };
        for Occurrence { start, end, pattern } in occurrences {
            let Some(concept) = self.concepts.get(pattern).copied() else { continue };
            if start < free_from {
                continue;
            }
            free_from = end;
            matches.push(Match { concept, bytes: start..end, chars: chars.at(start)..chars.at(end) });
        }
        matches
    }

    /// Every occurrence that begins and ends where it may.
    fn occurrences(&self, text: &str) -> Vec<Occurrence> {
        let folded = Folded::new(text);
        let mut occurrences = Vec::new();
        let mut compact_at = COMPACT_AT;
        // The automaton was built for overlapping matches, so there is no other case.
        let Ok(found) = self.automaton.try_find_overlapping_iter(&folded.text) else { return occurrences };
        for hit in found {
            let ends =
                folded.original_position(hit.start(), text).zip(folded.original_position(hit.end(), text));
            let Some((start, end)) = ends.filter(|(start, end)| self.stands_free(text, *start, *end)) else {
                continue;
            };
            occurrences.push(Occurrence { start, end, pattern: hit.pattern().as_usize() });
            if occurrences.len() >= compact_at {
                keep_longest(&mut occurrences);
                compact_at = COMPACT_AT.max(occurrences.len() * 2);
            }
        }
        occurrences
    }

    fn stands_free(&self, text: &str, start: usize, end: usize) -> bool {
        let (Some(before), Some(inside), Some(after)) =
            (text.get(..start), text.get(start..end), text.get(end..))
        else {
            return false;
        };
        let next = after.chars().next();
        if next.is_some_and(is_combining) {
            return false;
        }
        match self.boundaries {
            Boundaries::Anywhere => true,
            Boundaries::Words => {
                !joined(before.chars().next_back(), inside.chars().next())
                    && !joined(inside.chars().next_back(), next)
            }
        }
    }
}

/// Where a pattern stands in the original text, in bytes.
#[derive(Debug, Clone, Copy)]
struct Occurrence {
    start: usize,
    end: usize,
    pattern: usize,
}

/// Of the occurrences that begin at the same place only the longest can stand.
fn keep_longest(occurrences: &mut Vec<Occurrence>) {
    occurrences.sort_unstable_by_key(|found| (found.start, Reverse(found.end)));
    occurrences.dedup_by_key(|found| found.start);
}

/// Whether two neighbours belong to one word.
fn joined(left: Option<char>, right: Option<char>) -> bool {
    let in_word = |c: char| (c.is_alphanumeric() || c == '_' || is_combining(c)) && !is_spaceless(c);
    left.is_some_and(in_word) && right.is_some_and(in_word)
}

/// Turns ascending byte positions into character positions, in one pass.
struct CharPositions<'a> {
    text: &'a str,
    byte: usize,
    char: usize,
}

impl CharPositions<'_> {
    fn at(&mut self, byte: usize) -> usize {
        self.char += self.text.get(self.byte..byte).map_or(0, |passed| passed.chars().count());
        self.byte = byte;
        self.char
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(terms: &[&str], boundaries: Boundaries, text: &str, expected: Expect) {
        let files = terms.iter().map(|term| (*term, ""));
        let thesaurus = Arc::new(Thesaurus::from_markdown("test", files).expect("few terms"));
        let matcher = Matcher::new(thesaurus, boundaries).expect("small");
        let lines: Vec<_> = matcher
            .find(text)
            .into_iter()
            .map(|found| {
                let concept = matcher.thesaurus().concept(found.concept).expect("a concept");
                format!(
                    "{:?} {:?} {:?} {}\n",
                    found.bytes,
                    found.chars,
                    &text[found.bytes.clone()],
                    concept.name
                )
            })
            .collect();
        expected.assert_eq(&lines.concat());
    }

    #[test]
    fn the_longest_term_wins_and_words_stay_whole() {
        check(
            &["rust", "rust async", "rust as", "net", ".net", "c++"],
            Boundaries::Words,
            "Rust  async, rust asks; trusty rusty rust_x internet .NET c++11",
            expect![[r#"
                0..11 0..11 "Rust  async" rust async
                13..17 13..17 "rust" rust
                53..57 53..57 ".NET" .net
                58..61 58..61 "c++" c++
            "#]],
        );
    }

    #[test]
    fn positions_are_those_of_the_original() {
        check(
            &["éclair", "strasse", "istanbul", "i̇stanbul", "σοφος"],
            Boundaries::Words,
            "ÉCLAIR e\u{301}clair Straße STRAẞE İstanbul Istanbul ΣΟΦΟΣ eclair",
            expect![[r#"
                0..7 0..6 "ÉCLAIR" éclair
                8..16 7..14 "e\u{301}clair" éclair
                17..24 15..21 "Straße" strasse
                25..33 22..28 "STRAẞE" strasse
                34..43 29..37 "İstanbul" i̇stanbul
                44..52 38..46 "Istanbul" istanbul
                53..63 47..52 "ΣΟΦΟΣ" σοφος
            "#]],
        );
    }

    #[test]
    fn scripts_without_blanks_need_no_boundaries() {
        check(
            &["检索", "rust", "データ", "러스트"],
            Boundaries::Words,
            "用Rust做检索引擎のデータ構造 러스트는",
            expect![[r#"
                3..7 1..5 "Rust" rust
                10..16 6..8 "检索" 检索
                25..34 11..14 "データ" データ
                41..50 17..20 "러스트" 러스트
            "#]],
        );
    }

    #[test]
    fn anywhere_still_keeps_characters_whole() {
        check(
            &["s", "e", "ust"],
            Boundaries::Anywhere,
            "rusty ß ée\u{301} és",
            expect![[r#"
                1..4 1..4 "ust" ust
                17..18 13..14 "s" s
            "#]],
        );
    }

    #[test]
    fn nothing_matches_in_nothing() {
        check(&[], Boundaries::Words, "text", expect![""]);
        check(&["text"], Boundaries::Words, "", expect![""]);
    }
}
