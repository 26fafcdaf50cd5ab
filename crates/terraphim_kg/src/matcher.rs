//! Finds the terms of a thesaurus in a text.
//!
//! An Aho-Corasick automaton over the folded terms is walked from every place
//! of the folded text where a term may begin, and the longest term that ends
//! where it may is taken. Because most places inside words are left out, and
//! most walks end after a few bytes, that is quicker than the automaton's own
//! search. Where walks turn out long, as they do when many terms begin with the
//! same long text, the rest is searched in one pass for all occurrences at
//! once, of which the leftmost-longest stand. Both ways find the same.

use std::{fmt, iter, ops::Range, sync::Arc};

use aho_corasick::{
    Anchored, MatchKind,
    automaton::{Automaton, StateID},
    nfa::contiguous::NFA,
};

use crate::{
    fold::{Folded, is_combining, is_spaceless},
    thesaurus::{ConceptIndex, Thesaurus},
};

/// How many steps a search may walk for each byte of text before it goes over to one pass.
const STEPS_PER_BYTE: usize = 16;

/// How many steps are granted to any search, however short the text.
const FREE_STEPS: usize = 16 << 10;

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
    automaton: NFA,
    start: Start,
    /// The concept of each of the automaton's patterns.
    concepts: Vec<ConceptIndex>,
    boundaries: Boundaries,
    steps_per_byte: usize,
    /// Whether the name of a concept may be read as markup.
    pub(crate) has_marked_names: bool,
}

/// What is known of the automaton's start.
struct Start {
    anchored: StateID,
    unanchored: StateID,
    /// What each byte may be: [`BEGINS`], [`IN_WORD`].
    classes: [u8; 256],
}

/// A byte that begins a term.
const BEGINS: u8 = 1;

/// An ASCII letter or digit, or what counts as one.
const IN_WORD: u8 = 2;

impl fmt::Debug for Start {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Start").finish_non_exhaustive()
    }
}

impl Matcher {
    /// Compiles a thesaurus.
    ///
    /// # Errors
    /// [`MatcherError::TooLarge`].
    pub fn new(thesaurus: Arc<Thesaurus>, boundaries: Boundaries) -> Result<Self, MatcherError> {
        let too_large = |source| MatcherError::TooLarge { source: Box::new(source) };
        let mut classes = [0; 256];
        for (byte, class) in (0_u8..=255).zip(&mut classes) {
            *class = if byte.is_ascii_alphanumeric() || byte == b'_' { IN_WORD } else { 0 };
        }
        for (folded, _) in thesaurus.folded_terms() {
            let class = folded.bytes().next().and_then(|byte| classes.get_mut(usize::from(byte)));
            class.into_iter().for_each(|class| *class |= BEGINS);
        }
        let automaton = NFA::builder()
            .match_kind(MatchKind::Standard)
            .prefilter(false)
            .build(thesaurus.folded_terms().map(|(folded, _)| folded))
            .map_err(too_large)?;
        // The automaton starts either way; the error is of another kind of automaton.
        let state = |anchored| automaton.start_state(anchored).unwrap_or_default();
        let start = Start { anchored: state(Anchored::Yes), unanchored: state(Anchored::No), classes };
        let concepts = thesaurus.terms().map(|term| term.concept).collect();
        let is_mark = |c: char| c.is_control() || "\"'<>[]()|*_~=\\`:".contains(c);
        let has_marked_names = thesaurus.concepts().iter().any(|concept| concept.name.contains(is_mark));
        let steps_per_byte = STEPS_PER_BYTE;
        Ok(Self { thesaurus, automaton, start, concepts, boundaries, steps_per_byte, has_marked_names })
    }

    /// The same matcher with another limit of steps for each byte; zero makes
    /// it search in one pass from the start. What is found does not depend on it.
    #[must_use]
    pub fn with_steps_per_byte(mut self, steps: usize) -> Self {
        self.steps_per_byte = steps;
        self
    }

    /// What was compiled.
    pub fn thesaurus(&self) -> &Arc<Thesaurus> {
        &self.thesaurus
    }

    /// Whether terms may begin or end inside words.
    pub fn boundaries(&self) -> Boundaries {
        self.boundaries
    }

    /// The size of the automaton, in bytes.
    pub fn automaton_bytes(&self) -> usize {
        self.automaton.memory_usage() + self.concepts.len() * size_of::<ConceptIndex>()
    }

    /// The terms in a text, from left to right, without overlap, each as long as can be.
    pub fn find(&self, text: &str) -> Vec<Match> {
        self.find_within(text, iter::once(0..text.len()))
    }

    /// The terms that lie wholly in one of the given stretches of a text, which
    /// are in order and apart. What surrounds a stretch decides whether a word ends there.
    pub(crate) fn find_within(
        &self,
        text: &str,
        stretches: impl IntoIterator<Item = Range<usize>>,
    ) -> Vec<Match> {
        let mut matches = Vec::new();
        let mut chars = CharPositions { text, is_ascii: text.is_ascii(), byte: 0, char: 0 };
        for stretch in stretches {
            let Some(part) = text.get(stretch.clone()) else { continue };
            let mut search =
                Search { matcher: self, text, base: stretch.start, part, folded: Folded::new(part), hint: 0 };
            search.run(|Occurrence { start, end, pattern }| {
                if let Some(concept) = self.concepts.get(pattern).copied() {
                    matches.push(Match { concept, bytes: start..end, chars: chars.at(start)..chars.at(end) });
                }
            });
        }
        matches
    }
}

/// Where a pattern stands in the original text, in bytes.
#[derive(Debug, Clone, Copy)]
struct Occurrence {
    start: usize,
    end: usize,
    pattern: usize,
}

/// The search of one stretch of a text.
struct Search<'a> {
    matcher: &'a Matcher,
    text: &'a str,
    base: usize,
    part: &'a str,
    folded: Folded,
    hint: usize,
}

impl Search<'_> {
    fn run(&mut self, mut found: impl FnMut(Occurrence)) {
        let mut at = 0;
        let mut steps = 0;
        while let Some(next) = self.next_begin(at) {
            at = next;
            if steps > self.matcher.steps_per_byte.saturating_mul(at).saturating_add(FREE_STEPS)
                || self.matcher.steps_per_byte == 0
            {
                self.one_pass(at, found);
                return;
            }
            match self.longest_from(at, &mut steps) {
                Some((next, occurrence)) => {
                    found(occurrence);
                    at = next;
                }
                None => at += 1,
            }
        }
    }

    /// The next place from one on where a term may begin, by a quick look that
    /// passes over most.
    fn next_begin(&self, from: usize) -> Option<usize> {
        let words = self.matcher.boundaries == Boundaries::Words;
        let mut after_word =
            words && from.checked_sub(1).is_some_and(|before| self.class(before) & IN_WORD != 0);
        let rest = self.folded.text.as_bytes().get(from..)?;
        let begins = rest.iter().position(|byte| {
            let class = self.matcher.start.classes.get(usize::from(*byte)).copied().unwrap_or_default();
            let in_word = words && class & IN_WORD != 0;
            let goes_on = std::mem::replace(&mut after_word, in_word) && in_word;
            class & BEGINS != 0 && !goes_on
        });
        begins.map(|offset| from + offset)
    }

    fn class(&self, at: usize) -> u8 {
        let byte = self.folded.text.as_bytes().get(at);
        byte.and_then(|byte| self.matcher.start.classes.get(usize::from(*byte))).copied().unwrap_or_default()
    }

    /// Whether both neighbours of a place are ASCII letters or digits of one word.
    fn inside_word(&self, at: usize) -> bool {
        self.matcher.boundaries == Boundaries::Words
            && self.class(at) & IN_WORD != 0
            && at.checked_sub(1).is_some_and(|before| self.class(before) & IN_WORD != 0)
    }

    /// The longest term from a place on, and where it ends in the folded text.
    fn longest_from(&mut self, from: usize, steps: &mut usize) -> Option<(usize, Occurrence)> {
        let automaton = &self.matcher.automaton;
        let mut state = self.matcher.start.anchored;
        let mut start = None;
        let mut longest = None;
        let mut end = from;
        while let Some(byte) = self.folded.text.as_bytes().get(end).copied() {
            state = automaton.next_state(Anchored::Yes, state, byte);
            end += 1;
            if !automaton.is_special(state) {
                continue;
            }
            if automaton.is_dead(state) {
                break;
            }
            if !automaton.is_match(state) || self.inside_word(end) {
                continue;
            }
            // A state's own pattern comes before those that only end there.
            let pattern = automaton.match_pattern(state, 0);
            if automaton.pattern_len(pattern) != end - from {
                continue;
            }
            if start.is_none() {
                start = self.begin(from);
            }
            let Some(start) = start else { break };
            if let Some(original) = self.end(end) {
                let pattern = pattern.as_usize();
                longest = Some((end, Occurrence { start, end: original, pattern }));
            }
        }
        *steps += end - from;
        longest
    }

    /// Every occurrence from a place on, of which those without overlap are told.
    fn one_pass(&mut self, from: usize, mut found: impl FnMut(Occurrence)) {
        let automaton = &self.matcher.automaton;
        let mut state = self.matcher.start.unanchored;
        // By start, and for each start the longest: later ends are longer.
        let mut pending: Vec<Occurrence> = Vec::new();
        let mut end = from;
        while let Some(byte) = self.folded.text.as_bytes().get(end).copied() {
            state = automaton.next_state(Anchored::No, state, byte);
            end += 1;
            if !automaton.is_special(state) || !automaton.is_match(state) || self.inside_word(end) {
                continue;
            }
            let Some(original_end) = self.end(end) else { continue };
            for index in 0..automaton.match_len(state) {
                let pattern = automaton.match_pattern(state, index);
                let Some(begin) = end.checked_sub(automaton.pattern_len(pattern)) else { continue };
                if self.inside_word(begin) {
                    continue;
                }
                if let Some(start) = self.begin(begin) {
                    insert(
                        &mut pending,
                        Occurrence { start, end: original_end, pattern: pattern.as_usize() },
                    );
                }
            }
        }
        let mut free_from = 0;
        for occurrence in pending {
            if occurrence.start >= free_from {
                free_from = occurrence.end;
                found(occurrence);
            }
        }
    }

    /// Whether both neighbours of a place in the original are ASCII and no word
    /// goes on there; then no closer look is needed.
    fn is_between_ascii(&self, at: usize) -> bool {
        let bytes = self.text.as_bytes();
        let before = at.checked_sub(1).and_then(|before| bytes.get(before)).copied().unwrap_or(b' ');
        let after = bytes.get(at).copied().unwrap_or(b' ');
        let in_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        before.is_ascii()
            && after.is_ascii()
            && (self.matcher.boundaries == Boundaries::Anywhere || !(in_word(before) && in_word(after)))
    }

    /// Where a term may begin, in the original.
    fn begin(&mut self, folded: usize) -> Option<usize> {
        let start = self.base + self.folded.original_position(folded, self.part, &mut self.hint)?;
        if self.is_between_ascii(start) {
            return Some(start);
        }
        let (before, after) = self.text.split_at_checked(start)?;
        let words = self.matcher.boundaries == Boundaries::Words;
        (!words || !joined(before.chars().next_back(), after.chars().next())).then_some(start)
    }

    /// Where a term may end, in the original.
    fn end(&mut self, folded: usize) -> Option<usize> {
        let end = self.base + self.folded.original_position(folded, self.part, &mut self.hint)?;
        if self.is_between_ascii(end) {
            return Some(end);
        }
        let (before, after) = self.text.split_at_checked(end)?;
        let next = after.chars().next();
        let words = self.matcher.boundaries == Boundaries::Words;
        let cut = next.is_some_and(is_combining) || (words && joined(before.chars().next_back(), next));
        (!cut).then_some(end)
    }
}

/// Keeps the longest occurrence for each start, sorted by start.
fn insert(pending: &mut Vec<Occurrence>, found: Occurrence) {
    // Ends come in order, so the place is near the end.
    let after = pending.iter().rev().take_while(|one| one.start > found.start).count();
    let place = pending.len() - after;
    match place.checked_sub(1).and_then(|last| pending.get_mut(last)).filter(|one| one.start == found.start) {
        Some(same) => *same = found,
        None => pending.insert(place, found),
    }
}

/// Whether two neighbours belong to one word.
fn joined(left: Option<char>, right: Option<char>) -> bool {
    let in_word = |c: char| (c.is_alphanumeric() || c == '_' || is_combining(c)) && !is_spaceless(c);
    left.is_some_and(in_word) && right.is_some_and(in_word)
}

/// Turns ascending byte positions into character positions, in one pass.
struct CharPositions<'a> {
    text: &'a str,
    is_ascii: bool,
    byte: usize,
    char: usize,
}

impl CharPositions<'_> {
    fn at(&mut self, byte: usize) -> usize {
        if self.is_ascii {
            return byte;
        }
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
