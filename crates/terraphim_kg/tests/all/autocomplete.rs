//! Completion and correction against looking at every term.

use proptest::{collection::vec, prelude::*, sample::select};
use serde_json::json;
use sha2::{Digest, Sha256};
use terraphim_kg::{
    AutocompleteError, AutocompleteIndex, IndexFormatError, MAX_EDIT_DISTANCE, Near, Thesaurus, fold,
    jaro_winkler,
};

const LETTERS: &[&str] = &["a", "b", "c", "A", "é", "e\u{301}", "ß", " ", "日", "x"];

fn words(letters: usize) -> impl Strategy<Value = String> {
    vec(select(LETTERS), 1..letters).prop_map(|letters| letters.concat().trim().to_owned())
}

fn thesaurus(terms: &[(String, u64)]) -> Thesaurus {
    let data: serde_json::Map<_, _> = terms
        .iter()
        .enumerate()
        .map(|(at, (term, _))| (term.clone(), json!({ "id": at, "nterm": term, "url": format!("u{at}") })))
        .collect();
    Thesaurus::from_json(&json!({ "name": "test", "data": data }).to_string()).expect("well formed")
}

fn index(terms: &[(String, u64)]) -> (AutocompleteIndex, Vec<(String, u64)>) {
    let thesaurus = thesaurus(terms);
    let weight = |written: &str| {
        let same = terms.iter().find(|(term, _)| fold(term.trim()) == fold(written));
        same.map_or(0, |(_, weight)| *weight)
    };
    let index = AutocompleteIndex::new(&thesaurus, |term| weight(&term.written)).expect("small");
    let known = thesaurus.terms().map(|term| (term.written.clone(), weight(&term.written))).collect();
    (index, known)
}

/// Optimal string alignment, and the least cost, by the definition.
fn edits(typed: &[char], term: &[char]) -> (usize, f32) {
    let mut table = vec![vec![(0_usize, 0.0_f32); typed.len() + 1]; term.len() + 1];
    for i in 0..=term.len() {
        for j in 0..=typed.len() {
            let mut ways = Vec::new();
            if i > 0 {
                ways.push((table[i - 1][j].0 + 1, table[i - 1][j].1 + 3.0));
            }
            if j > 0 {
                ways.push((table[i][j - 1].0 + 1, table[i][j - 1].1 + 9.0));
            }
            if i > 0 && j > 0 {
                let same = term[i - 1] == typed[j - 1];
                let (edits, cost) = table[i - 1][j - 1];
                ways.push(if same { (edits, cost) } else { (edits + 1, cost + 9.0) });
            }
            if i > 1 && j > 1 && term[i - 1] == typed[j - 2] && term[i - 2] == typed[j - 1] {
                ways.push((table[i - 2][j - 2].0 + 1, table[i - 2][j - 2].1 + 7.0));
            }
            if let Some(edits) = ways.iter().map(|way| way.0).min() {
                table[i][j] = (edits, ways.iter().map(|way| way.1).fold(f32::INFINITY, f32::min));
            }
        }
    }
    table[term.len()][typed.len()]
}

/// Jaro-Winkler by the definition; the letters of the left text look for theirs in the right one.
fn similarity(left: &[char], right: &[char]) -> f64 {
    let reach = (left.len().max(right.len()) / 2).saturating_sub(1);
    let mut taken = vec![false; right.len()];
    let mut ours = Vec::new();
    for (at, letter) in left.iter().enumerate() {
        let near = at.saturating_sub(reach)..(at + reach + 1).min(right.len());
        if let Some(place) = near.into_iter().find(|place| right[*place] == *letter && !taken[*place]) {
            taken[place] = true;
            ours.push(*letter);
        }
    }
    if ours.is_empty() {
        return 0.0;
    }
    let theirs = right.iter().zip(&taken).filter(|(_, taken)| **taken).map(|(letter, _)| *letter);
    let swapped = ours.iter().zip(theirs).filter(|(a, b)| **a != *b).count();
    let (m, t) = (ours.len() as f64, swapped as f64 / 2.0);
    let jaro = (m / left.len() as f64 + m / right.len() as f64 + (m - t) / m) / 3.0;
    let prefix = left.iter().zip(right).take(4).take_while(|(a, b)| a == b).count();
    jaro + prefix as f64 * 0.1 * (1.0 - jaro)
}

fn chars(text: &str) -> Vec<char> {
    fold(text).chars().collect()
}

fn score(near: &Near<'_>, typed: &[char]) -> f32 {
    let (edits, cost) = edits(typed, &chars(near.suggestion.term));
    assert_eq!(edits, near.distance, "{}", near.suggestion.term);
    scored(edits, cost, near.suggestion.weight)
}

fn scored(edits: usize, cost: f32, weight: u64) -> f32 {
    if edits == 0 { f32::INFINITY } else { (weight as f64).ln_1p() as f32 - cost }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn completions_are_the_heaviest_with_the_prefix(
        terms in vec((words(6), 0_u64..6), 1..40),
        prefix in words(4),
        limit in 0_usize..8,
    ) {
        let (index, known) = index(&terms);
        let mut expected: Vec<_> = known.iter().filter(|(term, _)| fold(term).starts_with(&fold(&prefix))).collect();
        expected.sort_by_key(|(term, weight)| (std::cmp::Reverse(*weight), fold(term)));
        let found = index.complete(&prefix, limit);
        let found: Vec<_> = found.iter().map(|one| (one.term, one.weight)).collect();
        let expected: Vec<_> = expected.into_iter().take(limit).map(|(term, weight)| (term.as_str(), *weight)).collect();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn the_nearest_terms_are_the_likeliest(
        terms in vec((words(7), 0_u64..1_000), 1..40),
        typed in words(7),
        distance in 0_usize..=4,
        limit in 1_usize..8,
    ) {
        let (index, known) = index(&terms);
        let query = chars(&typed);
        let mut expected: Vec<f32> = known
            .iter()
            .filter_map(|(term, weight)| {
                let (edits, cost) = edits(&query, &chars(term));
                (edits <= distance).then(|| scored(edits, cost, *weight))
            })
            .collect();
        expected.sort_by(|left, right| right.total_cmp(left));
        expected.truncate(limit);
        let found = index.nearest(&typed, distance, limit).expect("a short query");
        let scores: Vec<f32> = found.iter().map(|near| score(near, &query)).collect();
        prop_assert_eq!(scores, expected);
        let mut terms: Vec<_> = found.iter().map(|near| near.suggestion.term).collect();
        terms.sort_unstable();
        terms.dedup();
        prop_assert_eq!(terms.len(), found.len(), "no term stands twice");
    }

    #[test]
    fn similar_terms_are_the_most_similar(
        terms in vec((words(7), 0_u64..4), 1..40),
        typed in words(7),
        least in 0.0_f64..1.0,
        limit in 1_usize..8,
    ) {
        let (index, known) = index(&terms);
        let query = chars(&typed);
        let mut expected: Vec<f64> =
            known.iter().map(|(term, _)| similarity(&chars(term), &query)).filter(|one| *one >= least && *one > 0.0).collect();
        expected.sort_by(|left, right| right.total_cmp(left));
        expected.truncate(limit);
        let found = index.similar(&typed, least, limit).expect("a short query");
        prop_assert_eq!(found.len(), expected.len());
        for (near, expected) in found.iter().zip(expected) {
            prop_assert!((near.similarity - expected).abs() < 1e-9, "{:?} is not {}", near, expected);
            prop_assert!((jaro_winkler(&fold(&typed), &fold(near.suggestion.term)) - expected).abs() < 1e-9);
            prop_assert_eq!(near.distance, edits(&query, &chars(near.suggestion.term)).0);
        }
    }

    #[test]
    fn corrections_are_the_likely_then_the_similar(
        terms in vec((words(7), 0_u64..1_000), 1..40),
        typed in words(7),
        least in 0.0_f64..1.0,
        limit in 1_usize..12,
    ) {
        let (index, _) = index(&terms);
        let names = |found: Vec<Near<'_>>| -> Vec<String> {
            found.into_iter().map(|near| near.suggestion.term.to_owned()).collect()
        };
        let mut expected = index.nearest(&typed, MAX_EDIT_DISTANCE, limit).expect("a short query");
        let edits = (0..=5).rev().find(|edits| 1.0 - f64::from(*edits) * 0.2 >= least - 1e-9).unwrap_or(0);
        expected.retain(|near| near.similarity >= least || near.distance <= edits as usize);
        let mut expected = names(expected);
        for similar in names(index.similar(&typed, least, limit).expect("a short query")) {
            if expected.len() < limit && !expected.contains(&similar) {
                expected.push(similar);
            }
        }
        prop_assert_eq!(names(index.correct(&typed, least, limit).expect("a short query")), expected);
    }

    #[test]
    fn what_is_written_is_read_again(terms in vec((words(6), 0_u64..6), 0..20)) {
        let (index, _) = index(&terms);
        let bytes = index.to_bytes();
        let again = AutocompleteIndex::from_bytes(&bytes).expect("its own bytes");
        prop_assert_eq!(again.complete("", 100), index.complete("", 100));
        prop_assert_eq!((again.name(), again.len()), (index.name(), index.len()));
        prop_assert_eq!(again.to_bytes(), bytes);
    }

    /// Bytes are changed, and in half of the cases the sum is made right again.
    #[test]
    fn damaged_bytes_are_an_error_or_an_index(
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
        shorten in any::<bool>(),
        forge in any::<bool>(),
    ) {
        let terms: Vec<_> = ["rust", "rust async", "straße", "日本"].map(|term| (term.to_owned(), 3)).into();
        let whole = index(&terms).0.to_bytes();
        let mut bytes = whole.clone();
        for (at, value) in &changes {
            let at = at.index(bytes.len());
            bytes[at] = *value;
        }
        if shorten {
            bytes.truncate(cut.index(bytes.len()));
        }
        if forge && bytes.len() > 32 {
            let content = bytes.len() - 32;
            let sum = Sha256::digest(&bytes[..content]);
            bytes[content..].copy_from_slice(&sum);
        }
        match AutocompleteIndex::from_bytes(&bytes) {
            Ok(index) => {
                prop_assert!(forge || bytes == whole);
                let _ = (index.complete("r", 5), index.nearest("rsut", 2, 5).expect("short"));
            }
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }

    #[test]
    fn any_bytes_and_any_query_are_borne(bytes in vec(any::<u8>(), 0..80), query in any::<String>()) {
        prop_assert!(AutocompleteIndex::from_bytes(&bytes).is_err());
        let (index, _) = index(&[("rust".to_owned(), 1), ("日本".to_owned(), 2)]);
        let _ = (index.complete(&query, 5), index.nearest(&query, 9, 5), index.similar(&query, f64::NAN, 5));
    }
}

/// A count of terms that the bytes cannot hold is refused before anything is allocated for it.
#[test]
fn a_forged_count_is_refused() {
    let mut bytes = index(&[("rust".to_owned(), 1)]).0.to_bytes();
    let counts = 8 + 2 + 4 + "test".len();
    for at in [counts, counts + 4] {
        let mut forged = bytes.clone();
        forged[at..at + 4].copy_from_slice(&1_900_000_u32.to_le_bytes());
        let content = forged.len() - 32;
        let sum = Sha256::digest(&forged[..content]);
        forged[content..].copy_from_slice(&sum);
        let error = AutocompleteIndex::from_bytes(&forged).expect_err("too many");
        assert!(matches!(error, IndexFormatError::Malformed { .. }), "{error}");
    }
    bytes[8] = 9;
    let error = AutocompleteIndex::from_bytes(&bytes).expect_err("another version");
    assert!(matches!(error, IndexFormatError::Version { found: 9 }), "{error}");
}

#[test]
fn synonyms_of_one_concept_stand_side_by_side() {
    let json = r#"{"name": "n", "data": {
        "rust async": {"id": 7, "nterm": "rust-async", "url": "u"}, "Rust Futures": {"id": 7, "nterm": "rust-async"},
        "rustic": {"id": 8, "nterm": "rustic"}}}"#;
    let thesaurus = Thesaurus::from_json(json).expect("well formed");
    let index = AutocompleteIndex::new(&thesaurus, |term| term.written.len() as u64).expect("small");
    let found: Vec<_> =
        index.complete("RUST ", 10).into_iter().map(|one| (one.term, one.concept, one.id, one.url)).collect();
    assert_eq!(
        found,
        [("Rust Futures", "rust-async", 7, Some("u")), ("rust async", "rust-async", 7, Some("u"))]
    );
    let long = "x".repeat(1_000);
    let error = index.nearest(&long, 2, 1).expect_err("too long");
    assert!(matches!(error, AutocompleteError::QueryTooLong { chars: 1_000 }), "{error}");
}

/// A query that resembles no term makes the walk give way to looking at all terms.
#[test]
fn many_terms_are_corrected_alike_in_both_ways() {
    let letters = ['a', 'e', 'k', 'l', 'r', 's', 't'];
    let mut terms = Vec::new();
    for one in 0..7_usize.pow(5) {
        let word: String = (0..5).map(|at| letters[one / 7_usize.pow(at) % 7]).collect();
        terms.push((word, (one as u64).wrapping_mul(2_654_435_761) % 5_000));
    }
    let (weights, thesaurus) =
        (terms.iter().cloned().collect::<std::collections::HashMap<_, _>>(), thesaurus(&terms));
    let index = AutocompleteIndex::new(&thesaurus, |term| weights[&term.written]).expect("small");
    for (typed, distance) in
        [("rstal", 1), ("rstal", 2), ("rsxtal", 2), ("xx", 4), ("xxstal", 3), ("kelrt", 4)]
    {
        let query = chars(typed);
        let mut expected: Vec<f32> = terms
            .iter()
            .filter_map(|(term, weight)| {
                let (edits, cost) = edits(&query, &chars(term));
                (edits <= distance).then(|| scored(edits, cost, *weight))
            })
            .collect();
        expected.sort_by(|left, right| right.total_cmp(left));
        expected.truncate(10);
        let found = index.nearest(typed, distance, 10).expect("short");
        let scores: Vec<f32> = found.iter().map(|near| score(near, &query)).collect();
        assert_eq!(scores, expected, "{typed} {distance}");
    }
}
