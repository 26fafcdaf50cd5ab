//! The matcher against a slow one that tries every stretch of the text.

use std::sync::Arc;

use proptest::{collection::vec, prelude::*, sample::select};
use terraphim_kg::{Boundaries, Matcher, Thesaurus, fold, is_combining, is_spaceless};

const PIECES: &[&str] = &[
    "a", "A", "b", "aa", "ab", "ß", "ẞ", "ss", "S", "é", "E", "e\u{301}", "\u{301}", "İ", "i", "I", "ı", "ς",
    "Σ", "检", "索", "가", "각", " ", "  ", "\n", "\n\n", "-", "_", ".", "9",
];

fn texts(pieces: usize) -> impl Strategy<Value = String> {
    vec(select(PIECES), 0..pieces).prop_map(|parts| parts.concat())
}

/// Whether a stretch cuts neither an accented letter nor, where asked, a word.
fn stands_free(text: &str, start: usize, end: usize, boundaries: Boundaries) -> bool {
    let word = |c: char| (c.is_alphanumeric() || c == '_' || is_combining(c)) && !is_spaceless(c);
    let glued = |at: usize| {
        let (left, right) = (text[..at].chars().next_back(), text[at..].chars().next());
        left.is_some_and(word) && right.is_some_and(word)
    };
    let cuts_accent = text[end..].chars().next().is_some_and(is_combining);
    !cuts_accent && (boundaries == Boundaries::Anywhere || (!glued(start) && !glued(end)))
}

/// Every stretch of the text whose folded form is a term, leftmost-longest.
fn oracle(
    thesaurus: &Thesaurus,
    boundaries: Boundaries,
    text: &str,
) -> Vec<(std::ops::Range<usize>, String)> {
    let cuts: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    let mut found = Vec::new();
    let mut free_from = 0;
    for &start in &cuts {
        if start < free_from {
            continue;
        }
        let longest = cuts.iter().rev().take_while(|end| **end > start).find_map(|&end| {
            let stretch = &text[start..end];
            // Terms neither begin nor end with a blank; lookup would trim one away.
            let trimmed = stretch.trim() == stretch;
            let concept = trimmed.then(|| thesaurus.lookup(stretch)).flatten()?;
            stands_free(text, start, end, boundaries).then_some((end, concept))
        });
        if let Some((end, concept)) = longest {
            free_from = end;
            let name = thesaurus.concept(concept).map(|concept| concept.name.clone()).unwrap_or_default();
            found.push((start..end, name));
        }
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_matcher_agrees_with_the_oracle(
        terms in vec(texts(5), 1..6),
        text in texts(14),
        boundaries in select(&[Boundaries::Words, Boundaries::Anywhere][..]),
    ) {
        let files = terms.iter().map(|term| (term.as_str(), ""));
        let thesaurus = Arc::new(Thesaurus::from_markdown("test", files).expect("few terms"));
        let matcher = Matcher::new(Arc::clone(&thesaurus), boundaries).expect("small");
        let found = matcher.find(&text);
        let in_one_pass = Matcher::new(Arc::clone(&thesaurus), boundaries).expect("small").with_steps_per_byte(0);
        prop_assert_eq!(&in_one_pass.find(&text), &found);
        for one in &found {
            let bytes = one.bytes.clone();
            prop_assert_eq!(one.chars.start, text[..bytes.start].chars().count());
            prop_assert_eq!(one.chars.end, text[..bytes.end].chars().count());
        }
        let named: Vec<_> = found
            .into_iter()
            .map(|one| (one.bytes, thesaurus.concept(one.concept).expect("a concept").name.clone()))
            .collect();
        prop_assert_eq!(named, oracle(&thesaurus, boundaries, &text));
    }

    #[test]
    fn any_text_can_be_searched_and_folded(text in any::<String>()) {
        let thesaurus = Arc::new(Thesaurus::from_markdown("test", [("i", ""), ("ss", "synonyms:: a, 索")]).expect("few"));
        let matcher = Matcher::new(thesaurus, Boundaries::Anywhere).expect("small");
        for found in matcher.find(&text) {
            prop_assert!(text.get(found.bytes).is_some());
        }
        prop_assert_eq!(fold(&fold(&text)), fold(&text), "folding twice is folding once");
    }

    #[test]
    fn hostile_thesauri_are_errors_or_thesauri(text in any::<String>(), json in "\\{\"name\":\"n\",\"data\":\\{\"[a-z\\\\\" ]{0,4}\":\\{\"id\":[0-9-]{1,3},\"nterm\":\"[a-z ]{0,3}\"\\}\\}\\}") {
        let _ = Thesaurus::from_json(&text);
        if let Ok(thesaurus) = Thesaurus::from_json(&json) {
            prop_assert!(Matcher::new(Arc::new(thesaurus), Boundaries::Words).is_ok());
        }
        let thesaurus = Thesaurus::from_markdown("test", [(text.as_str(), text.as_str())]).expect("few terms");
        prop_assert!(Matcher::new(Arc::new(thesaurus), Boundaries::Words).is_ok());
    }
}

/// Two terms overlap in the text and stand for the same concept: the left one
/// is found, once, and what is left of the other is free for a third.
#[test]
fn overlapping_synonyms_of_one_concept_are_found_once() {
    let files = [("rust", "synonyms:: rust async, async patterns"), ("patterns", "")];
    let thesaurus = Arc::new(Thesaurus::from_markdown("test", files).expect("few terms"));
    let matcher = Matcher::new(Arc::clone(&thesaurus), Boundaries::Words).expect("small");
    let name = |index| thesaurus.concept(index).expect("a concept").name.as_str();
    let found = matcher.find("Rust async patterns");
    let named: Vec<_> = found.iter().map(|one| (one.bytes.clone(), name(one.concept))).collect();
    assert_eq!(named, [(0..10, "rust"), (11..19, "patterns")]);
}

/// Long walks that lead nowhere make the matcher go over to one pass in the
/// middle of the text, and what is found does not show where.
#[test]
fn long_walks_give_way_to_one_pass() {
    let long = format!("{}b", "a ".repeat(400));
    let files = [(long.as_str(), ""), ("a a c", ""), ("d", "")];
    let thesaurus = Arc::new(Thesaurus::from_markdown("test", files).expect("few terms"));
    let text = format!("{}c d {long} a d", "a ".repeat(30_000));
    let matcher = Matcher::new(Arc::clone(&thesaurus), Boundaries::Words).expect("small");
    let patient = Matcher::new(thesaurus, Boundaries::Words).expect("small").with_steps_per_byte(usize::MAX);
    let found = matcher.find(&text);
    assert_eq!(found, patient.find(&text));
    let texts: Vec<_> = found.iter().map(|one| text[one.bytes.clone()].len()).collect();
    assert_eq!(texts, [5, 1, long.len(), 1]);
}

/// A term of each length up to 100 over a text of one letter: the occurrences
/// outnumber the characters a hundredfold, and must not be kept.
#[test]
fn nested_terms_over_a_long_text_stay_in_bounds() {
    let terms: Vec<String> = (1..=100).map(|length| "a".repeat(length)).collect();
    let files = terms.iter().map(|term| (term.as_str(), ""));
    let thesaurus = Arc::new(Thesaurus::from_markdown("test", files).expect("few terms"));
    let matcher = Matcher::new(thesaurus, Boundaries::Anywhere).expect("small");
    let found = matcher.find(&"a".repeat(10_050));
    assert_eq!(found.len(), 101);
    assert_eq!(found[0].bytes, 0..100);
    assert_eq!(found[100].bytes, 10_000..10_050);
}
