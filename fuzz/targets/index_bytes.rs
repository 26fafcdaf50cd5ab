//! Bytes of an autocomplete index, and what an accepted one answers.
//!
//! The first byte of the input chooses what is asked and how the rest is read;
//! then come what is typed, a zero byte, and the index: its bytes without their
//! sum, which is added here, or lines of which such bytes are made: the name,
//! `cID NAME ADDRESS` for a concept, `tCONCEPT WEIGHT TERM` for a term.

#![no_main]

use std::{cmp::Reverse, fmt::Debug};

use libfuzzer_sys::{Corpus, fuzz_target};
use sha2::{Digest, Sha256};
use terraphim_kg::{
    AutocompleteIndex, FORMAT_VERSION, MAX_EDIT_DISTANCE, MAX_SUGGESTIONS, Near, Suggestion, fold,
    jaro_winkler,
};

/// Memory that an index takes at most, for each byte that it was read from and for itself.
const MEMORY: (usize, usize) = (64, 4_096);

fuzz_target!(|data: &[u8]| -> Corpus {
    let Some((choice, rest)) = data.split_first() else { return Corpus::Reject };
    let Some(at) = rest.iter().position(|byte| *byte == 0) else { return Corpus::Reject };
    let (typed, rest) = rest.split_at(at);
    let mut bytes = if choice & 1 == 0 { rest[1..].to_vec() } else { encoded(&rest[1..]) };
    let _ = AutocompleteIndex::from_bytes(&bytes);
    let sum = Sha256::digest(&bytes);
    bytes.extend_from_slice(&sum);
    let Ok(index) = AutocompleteIndex::from_bytes(&bytes) else { return Corpus::Keep };
    assert!(index.bytes() <= bytes.len() * MEMORY.0 + MEMORY.1, "{} of {}", index.bytes(), bytes.len());
    let written = index.to_bytes();
    assert_eq!(written.len(), bytes.len(), "every accepted byte means something");
    let again = AutocompleteIndex::from_bytes(&written).expect("what is written can be read");
    assert_eq!(again.to_bytes(), written);
    assert_eq!((again.name(), again.len()), (index.name(), index.len()));
    let typed = String::from_utf8_lossy(typed);
    let limit = [0, 1, 2, 10, MAX_SUGGESTIONS][usize::from(choice >> 1) % 5];
    let all = index.complete("", MAX_SUGGESTIONS);
    assert_eq!(all.len(), index.len());
    assert_eq!(all, again.complete("", MAX_SUGGESTIONS));
    check_complete(&index, &typed, limit, &all);
    for distance in 0..=MAX_EDIT_DISTANCE + 1 {
        check_nearest(&index, &typed, distance, limit, &all);
    }
    check_similar(&index, &typed, f64::from(choice >> 4) / 15.0, limit, &all);
    Corpus::Keep
});

/// The bytes of a described index, without their sum.
fn encoded(description: &[u8]) -> Vec<u8> {
    let description = String::from_utf8_lossy(description);
    let mut lines = description.lines();
    let (mut name, mut concepts, mut terms) = (Vec::new(), Vec::new(), Vec::new());
    let (mut concept_count, mut term_count) = (0_u32, 0_u32);
    put(&mut name, lines.next().unwrap_or_default());
    for line in lines {
        let Some((kind, line)) = line.split_at_checked(1) else { continue };
        let mut parts = line.splitn(3, ' ');
        let mut part = || parts.next().unwrap_or_default();
        if kind == "c" {
            concepts.extend_from_slice(&part().parse().unwrap_or(0_u64).to_le_bytes());
            put(&mut concepts, part());
            put(&mut concepts, part());
            concept_count += 1;
        } else {
            let (concept, weight): (u32, u64) = (part().parse().unwrap_or(0), part().parse().unwrap_or(0));
            put(&mut terms, part());
            terms.extend_from_slice(&concept.to_le_bytes());
            terms.extend_from_slice(&weight.to_le_bytes());
            term_count += 1;
        }
    }
    let mut bytes = b"TKGINDEX".to_vec();
    bytes.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
    bytes.extend(name);
    bytes.extend_from_slice(&concept_count.to_le_bytes());
    bytes.extend_from_slice(&term_count.to_le_bytes());
    bytes.extend(concepts);
    bytes.extend(terms);
    bytes
}

fn put(bytes: &mut Vec<u8>, text: &str) {
    bytes.extend_from_slice(&(text.len() as u32).to_le_bytes());
    bytes.extend_from_slice(text.as_bytes());
}

fn check_complete(index: &AutocompleteIndex, typed: &str, limit: usize, all: &[Suggestion<'_>]) {
    let prefix = fold(typed.trim_start());
    let mut expected: Vec<(Suggestion<'_>, String)> = all.iter().map(|one| (*one, fold(one.term))).collect();
    expected.retain(|(_, folded)| folded.starts_with(&prefix));
    expected.sort_by(|left, right| right.0.weight.cmp(&left.0.weight).then_with(|| left.1.cmp(&right.1)));
    let expected: Vec<_> = expected.into_iter().map(|(one, _)| one).take(limit).collect();
    assert_eq!(index.complete(typed, limit), expected, "{typed:?}");
}

fn check_nearest(
    index: &AutocompleteIndex,
    typed: &str,
    distance: usize,
    limit: usize,
    all: &[Suggestion<'_>],
) {
    let found = index.nearest(typed, distance, limit);
    let query = fold(typed.trim());
    let Some(found) = within_bounds(&query, found) else { return };
    let reached = distance.min(MAX_EDIT_DISTANCE);
    let near = all.iter().filter(|one| edits(&query, &fold(one.term)) <= reached);
    assert_eq!(found.len(), near.count().min(limit), "{typed:?} within {reached}");
    check_near(&query, &found);
    assert!(found.iter().all(|near| near.distance <= reached));
    let exact = all.iter().find(|one| fold(one.term) == query);
    if let Some(exact) = exact.filter(|_| limit > 0) {
        assert_eq!(found[0].suggestion, *exact, "what was typed stands first");
    }
}

fn check_similar(index: &AutocompleteIndex, typed: &str, least: f64, limit: usize, all: &[Suggestion<'_>]) {
    let found = index.similar(typed, least, limit);
    let query = fold(typed.trim());
    let Some(found) = within_bounds(&query, found) else { return };
    let mut expected: Vec<_> = all
        .iter()
        .map(|one| (*one, jaro_winkler(&query, &fold(one.term))))
        .filter(|(_, similarity)| *similarity >= least && *similarity > 0.0)
        .collect();
    expected.sort_by(|left, right| {
        right.1.total_cmp(&left.1).then_with(|| Reverse(left.0.weight).cmp(&Reverse(right.0.weight)))
    });
    check_near(&query, &found);
    let similarities = |found: &[(f64, u64)]| format!("{found:?}");
    let found: Vec<_> = found.iter().map(|near| (near.similarity, near.suggestion.weight)).collect();
    let expected: Vec<_> =
        expected.iter().map(|(one, similarity)| (*similarity, one.weight)).take(limit).collect();
    assert_eq!(similarities(&found), similarities(&expected), "{typed:?} from {least}");
}

/// What was found; nothing if the query is refused, which only a long one may be.
fn within_bounds<T, E: Debug>(query: &str, found: Result<T, E>) -> Option<T> {
    let too_long = query.chars().count() > terraphim_kg::MAX_QUERY_CHARS;
    if too_long {
        assert!(found.is_err(), "{query:?} is too long");
        return None;
    }
    Some(found.expect("a short query is answered"))
}

fn check_near(query: &str, found: &[Near<'_>]) {
    for near in found {
        let term = fold(near.suggestion.term);
        assert_eq!(near.distance, edits(query, &term), "{query:?} and {term:?}");
        assert_eq!(near.similarity, jaro_winkler(query, &term), "{query:?} and {term:?}");
    }
}

/// Letters left out, added, replaced, or swapped with their neighbour.
fn edits(left: &str, right: &str) -> usize {
    let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
    let width = right.len() + 1;
    let mut table = vec![0; (left.len() + 1) * width];
    for i in 0..=left.len() {
        for j in 0..=right.len() {
            let at = |i: usize, j: usize| table[i * width + j];
            table[i * width + j] = match (i, j) {
                (0, length) | (length, 0) => length,
                _ => {
                    let replaced = at(i - 1, j - 1) + usize::from(left[i - 1] != right[j - 1]);
                    let mut least = replaced.min(at(i - 1, j) + 1).min(at(i, j - 1) + 1);
                    if i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1] {
                        least = least.min(at(i - 2, j - 2) + 1);
                    }
                    least
                }
            };
        }
    }
    table[left.len() * width + right.len()]
}
