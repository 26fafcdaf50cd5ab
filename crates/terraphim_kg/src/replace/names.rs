//! Puts the names of concepts in the place of terms, so that they stay.
//!
//! A name may form another term with the words around it, and would be replaced
//! the next time. So what was put in is searched again, and names that were not
//! read as themselves are taken back, until all are.

use std::ops::Range;

use super::Replaced;
use crate::matcher::{Match, Matcher};

/// How often names are taken back before a stretch is left as it was.
const MAX_ROUNDS: usize = 16;

/// How far before a term the beginning of a tag is looked for, in bytes.
const MAX_TAG_NAME: usize = 64;

/// A term that is to be replaced.
struct Candidate<'m> {
    bytes: Range<usize>,
    name: &'m str,
    kept: bool,
    /// Where it, or its name, stands in the text that was made last.
    placed: Range<usize>,
}

/// Replaces the terms of one stretch of plain text; gives that stretch.
pub(super) fn settle(matcher: &Matcher, text: &str, stretch: Range<usize>) -> Replaced {
    let Attempt { made, before, after, any_kept } = attempt(matcher, text, stretch.clone());
    if any_kept && made.replaced > 0 {
        // What was taken back would be tried again the next time, with the same end or another.
        let whole = format!("{before}{}{after}", made.text);
        let inside = before.len()..whole.len() - after.len();
        if attempt(matcher, &whole, inside).made.text != made.text {
            let original = text.get(stretch).unwrap_or_default();
            return Replaced { text: original.to_owned(), replaced: 0, left: made.replaced + made.left };
        }
    }
    made
}

struct Attempt<'t> {
    made: Replaced,
    /// What stands beside the stretch decides whether a word ends there.
    before: &'t str,
    after: &'t str,
    /// Whether a term was kept because its name would not stay.
    any_kept: bool,
}

fn attempt<'t>(matcher: &Matcher, text: &'t str, stretch: Range<usize>) -> Attempt<'t> {
    let original = text.get(stretch.clone()).unwrap_or_default();
    let found = matcher.find_within(text, std::iter::once(stretch.clone()));
    let mut candidates: Vec<Candidate<'_>> = Vec::new();
    let mut left = 0;
    for one in &found {
        match new_name(matcher, text, one) {
            NewName::Same => {}
            NewName::Refused => left += 1,
            NewName::Name(name) => {
                let bytes = one.bytes.start - stretch.start..one.bytes.end - stretch.start;
                candidates.push(Candidate { bytes, name, kept: false, placed: 0..0 });
            }
        }
    }
    let before = text.get(..stretch.start).unwrap_or_default();
    let before = before.get(before.char_indices().next_back().map_or(0, |(at, _)| at)..).unwrap_or_default();
    let after = text.get(stretch.end..).unwrap_or_default();
    let after = after.get(..after.chars().next().map_or(0, char::len_utf8)).unwrap_or_default();
    for _ in 0..MAX_ROUNDS {
        if candidates.iter().all(|candidate| candidate.kept) {
            break;
        }
        let made = format!("{before}{}{after}", put_in(original, &mut candidates, before.len()));
        let inside = before.len()..made.len() - after.len();
        match take_back(matcher, &made, inside.clone(), &mut candidates) {
            Outcome::Settled => {
                let replaced = candidates.iter().filter(|candidate| !candidate.kept).count();
                let left = left + candidates.len() - replaced;
                let any_kept = candidates.iter().any(|candidate| candidate.kept);
                let text = made.get(inside).unwrap_or_default().to_owned();
                return Attempt { made: Replaced { text, replaced, left }, before, after, any_kept };
            }
            Outcome::TakenBack => {}
            Outcome::Hopeless => break,
        }
    }
    let any_kept = !candidates.is_empty();
    let made = Replaced { text: original.to_owned(), replaced: 0, left: left + candidates.len() };
    Attempt { made, before, after, any_kept }
}

enum NewName<'m> {
    /// The term is the name.
    Same,
    /// The name cannot stand there.
    Refused,
    Name(&'m str),
}

fn new_name<'m>(matcher: &'m Matcher, text: &str, found: &Match) -> NewName<'m> {
    let thesaurus = matcher.thesaurus();
    let Some(concept) = thesaurus.concept(found.concept) else { return NewName::Refused };
    let name = concept.name.as_str();
    if text.get(found.bytes.clone()) == Some(name) {
        return NewName::Same;
    }
    let escaped =
        text.get(..found.bytes.start).is_none_or(|before| before.ends_with('\\') || names_tag(before));
    // A name that is no term would not be found again, and stays as it is.
    let taken = thesaurus.lookup(name).is_some_and(|concept| concept != found.concept);
    if escaped || taken || !is_inert(name) { NewName::Refused } else { NewName::Name(name) }
}

/// Whether what follows would be the name of a tag, or the end of it.
fn names_tag(before: &str) -> bool {
    let in_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'/');
    let mut backwards = before.bytes().rev().take(MAX_TAG_NAME);
    backwards.find(|byte| !in_name(byte)) == Some(b'<')
}

/// Whether a name is read as nothing but text wherever it stands.
fn is_inert(name: &str) -> bool {
    let digits = name.trim_start_matches(|c: char| c.is_ascii_digit());
    let item = digits.len() < name.len() && digits.starts_with(['.', ')']);
    !item
        && !name.starts_with(['#', '>', '-', '+', '*', '_', '=', '~'])
        && !name.contains(|c: char| "`<>[]()\\|@:!".contains(c) || c.is_control())
        && !name.to_ascii_lowercase().contains("www.")
}

/// The stretch with the names of the candidates that are not kept.
fn put_in(original: &str, candidates: &mut [Candidate<'_>], offset: usize) -> String {
    let mut made = String::with_capacity(original.len());
    let mut copied = 0;
    for candidate in candidates {
        made.push_str(original.get(copied..candidate.bytes.start).unwrap_or_default());
        let start = offset + made.len();
        let written = original.get(candidate.bytes.clone()).unwrap_or_default();
        made.push_str(if candidate.kept { written } else { candidate.name });
        candidate.placed = start..offset + made.len();
        copied = candidate.bytes.end;
    }
    made.push_str(original.get(copied..).unwrap_or_default());
    made
}

enum Outcome {
    Settled,
    TakenBack,
    Hopeless,
}

/// Takes back the names of which something else would be made the next time.
fn take_back(
    matcher: &Matcher,
    made: &str,
    inside: Range<usize>,
    candidates: &mut [Candidate<'_>],
) -> Outcome {
    let mut outcome = Outcome::Settled;
    for found in matcher.find_within(made, std::iter::once(inside)) {
        let NewName::Name(_) = new_name(matcher, made, &found) else { continue };
        // They are in order, so those that meet it stand together.
        let first = candidates.partition_point(|candidate| candidate.placed.end < found.bytes.start);
        let meets = |one: &Candidate<'_>| one.placed.start <= found.bytes.end;
        let met = candidates.iter().skip(first).take_while(|one| meets(one));
        if met.into_iter().any(|one| one.kept && one.placed == found.bytes) {
            continue;
        }
        let mut any = false;
        for candidate in candidates.iter_mut().skip(first).take_while(|one| meets(one)) {
            any |= !std::mem::replace(&mut candidate.kept, true);
        }
        if !any {
            if matches!(outcome, Outcome::Settled) {
                return Outcome::Hopeless;
            }
            // A name beside it was taken back in this round.
            continue;
        }
        outcome = Outcome::TakenBack;
    }
    outcome
}
