//! From a word of the query to the terms of the index that may stand for it:
//! itself, its synonyms, its parts, its completions, its corrections.

use super::{index::DiscoveryIndex, intent::Word, synonyms::Synonyms, vocabulary::Word as Known, words};
use crate::distance::{edit_distance, letters};

/// Most words of the vocabulary for which an unknown word stands.
const MAX_GUESSES: usize = 12;
/// Most unknown words of a query that are guessed at.
const MAX_GUESSED: usize = 8;
/// Queries with more words than this are texts, whose unknown words are names rather than slips.
const SHORT_QUERY: usize = 6;
/// Fewest letters of an unknown word that is completed, and that is taken apart.
const MIN_COMPLETED: usize = 3;
const MIN_PARTED: usize = 6;
/// Fewest letters of a part, and of the longest part.
const MIN_PART: usize = 2;
const MIN_LONGEST_PART: usize = 3;
/// What two words in one count for each of them.
const JOINED_SHARE: f32 = 0.75;
/// Most parts of a compound.
const MAX_PARTS: usize = 3;
/// What an English word ends in, which is no word of its own although a stem may look like it.
const SUFFIXES: &[&str] = &["able", "ful", "ing", "less", "ment", "ness", "ship", "sion", "tion"];
/// What German writes between the parts of a compound.
const LINKS: &[&str] = &["", "s", "es", "n", "en"];

/// How a term came to stand for a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    Itself,
    Synonym,
    Part,
    Joined,
    Completion,
    Correction,
}

/// A term that stands for a word.
#[derive(Debug, Clone, Copy)]
pub(super) struct Term {
    pub(super) number: u32,
    /// What it counts against the word itself, 0 to 1.
    pub(super) share: f32,
    /// How rare it is; a synonym is at most as rare as the word for which it stands.
    pub(super) rarity: f32,
    /// What it covers of a tool's name, 0 to 1.
    pub(super) cover: f32,
    pub(super) how: How,
}

/// A word of the query with all that may stand for it.
#[derive(Debug, Clone)]
pub(super) struct Concept {
    pub(super) written: String,
    pub(super) terms: Vec<Term>,
}

/// How many unknown words may still be guessed at, and how boldly.
pub(super) struct Guesses {
    left: usize,
    boldness: f32,
}

impl Guesses {
    #[expect(clippy::cast_precision_loss, reason = "a count of at most 48")]
    pub(super) fn new(words: usize) -> Self {
        let boldness = (SHORT_QUERY as f32 / words.max(1) as f32).min(1.0);
        Self { left: MAX_GUESSED, boldness }
    }
}

/// The term for two words that the index has as one, as `screen shot` for `screenshot`.
pub(super) fn joined(index: &DiscoveryIndex, one: &Word, other: &Word) -> Option<Term> {
    let text = format!("{}{}", one.written, other.written);
    let has_letters = text.chars().all(char::is_alphabetic) && text.chars().count() >= MIN_PARTED;
    let is_short = [one, other].iter().any(|word| word.written.chars().count() < MIN_LONGEST_PART);
    let number = index.term(&words::stem(&text.to_lowercase())).filter(|_| has_letters && !is_short)?;
    Some(Term { number, share: JOINED_SHARE, rarity: index.rarity(number), cover: 1.0, how: How::Joined })
}

/// What a word stands for: one concept, or several where it is a compound.
pub(super) fn concepts<'w>(
    index: &DiscoveryIndex,
    word: &Word,
    phrases: impl Iterator<Item = &'w [Word]>,
    joined: impl Iterator<Item = Term>,
    synonyms: &Synonyms,
    guesses: &mut Guesses,
) -> Vec<Concept> {
    let mut terms: Vec<Term> = Vec::new();
    if let Some(number) = index.term(&word.term) {
        terms.push(Term { number, share: 1.0, rarity: index.rarity(number), cover: 1.0, how: How::Itself });
    }
    for phrase in phrases {
        let key = phrase.iter().map(|word| word.term.as_str()).collect::<Vec<_>>().join(" ");
        add_synonyms(index, &key, synonyms, &mut terms);
    }
    for term in joined {
        if terms.iter().all(|known| known.number != term.number) {
            terms.push(term);
        }
    }
    let concept = |terms| Concept { written: word.written.clone(), terms };
    if !terms.is_empty() || guesses.left == 0 {
        return vec![concept(terms)];
    }
    guesses.left -= 1;
    if let Some(parts) = parts(index, &word.written) {
        let part = |number| {
            let rarity = index.rarity(number);
            let mut terms = vec![Term { number, share: 1.0, rarity, cover: 1.0, how: How::Part }];
            add_synonyms(index, index.vocabulary.word(number), synonyms, &mut terms);
            concept(terms)
        };
        return parts.into_iter().map(part).collect();
    }
    let weight = index.weights.correction;
    let guess = |(edits, number, how): (i32, u32, How)| {
        let share = guesses.boldness * weight.powi(edits);
        Term { number, share, rarity: index.rarity(number), cover: share, how }
    };
    vec![concept(completions(index, word).into_iter().map(guess).collect())]
}

fn add_synonyms(index: &DiscoveryIndex, phrase: &str, synonyms: &Synonyms, terms: &mut Vec<Term>) {
    let weights = &index.weights;
    let word = terms.first().filter(|term| term.how != How::Synonym);
    let most = word.map_or(f32::INFINITY, |word| word.rarity);
    for (related, share) in synonyms.of(phrase) {
        let Some(number) = index.term(related) else { continue };
        if terms.iter().all(|term| term.number != number) {
            // A name is covered as well by a synonym as by the word itself.
            let (share, cover) = (weights.synonym * share, share);
            let rarity = index.rarity(number).min(most);
            terms.push(Term { number, share, rarity, cover, how: How::Synonym });
        }
    }
}

/// The words that an unknown one begins or ends, else those that are one or two
/// typing errors away; with the power to which the weight of a guess is raised.
fn completions(index: &DiscoveryIndex, word: &Word) -> Vec<(i32, u32, How)> {
    // As it was written: a slip may look like an ending, or be in one.
    let length = word.written.chars().count();
    let term = word.term.as_str();
    if length < MIN_COMPLETED || term.chars().all(char::is_numeric) {
        return Vec::new();
    }
    let vocabulary = &index.vocabulary;
    let is_held = |number: &u32| index.holding(*number) > 0;
    let begun = vocabulary.begun_by(term).map(|(number, _)| number).filter(is_held);
    let begun: Vec<_> = begun.take(MAX_GUESSES).map(|number| (1, number, How::Completion)).collect();
    if !begun.is_empty() {
        return begun;
    }
    let wanted = letters(term);
    if length > 2 * MIN_COMPLETED {
        // The letters are looked at first: they are at hand, the word is not.
        let holds = |word: &Known| word.letters & wanted == wanted && word.text.ends_with(term);
        let ended = vocabulary.all().filter(|(number, word)| holds(word) && is_held(number));
        let ended = first_in_order(ended.map(|(number, word)| (1, word.text.as_ref(), number)).collect());
        if !ended.is_empty() {
            return ended.into_iter().map(|number| (1, number, How::Completion)).collect();
        }
    }
    let limit = if length <= MIN_COMPLETED { 0 } else { 1 + usize::from(length > 2 * MIN_COMPLETED) };
    let near: Vec<(usize, &str, u32)> = vocabulary
        .all()
        .filter(|(_, word)| (word.letters ^ wanted).count_ones() as usize <= 2 * limit)
        .filter_map(|(number, word)| {
            Some((edit_distance(term, &word.text, limit)?, word.text.as_ref(), number))
        })
        .filter(|(_, _, number)| is_held(number))
        .collect();
    let least = near.iter().map(|(edits, _, _)| *edits).min().unwrap_or_default();
    let power = i32::try_from(least).unwrap_or(i32::MAX);
    let near = near.into_iter().filter(|(edits, _, _)| *edits == least).collect();
    first_in_order(near).into_iter().map(|number| (power, number, How::Correction)).collect()
}

/// The first few in the order of the words, which is the same for every index of the same tools.
fn first_in_order(mut found: Vec<(usize, &str, u32)>) -> Vec<u32> {
    found.sort_unstable();
    found.into_iter().take(MAX_GUESSES).map(|(_, _, number)| number).collect()
}

/// The known words of which an unknown one is made, as in `cosmosdb` or
/// `Dateiverwaltung`: of all ways to part it the one with the longest parts.
fn parts(index: &DiscoveryIndex, word: &str) -> Option<Vec<u32>> {
    let length = word.chars().count();
    if length < MIN_PARTED || !word.chars().all(char::is_alphabetic) {
        return None;
    }
    // Where characters end, and for each place the best way to it: the square sum of its parts, and these.
    let ends: Vec<usize> = word.char_indices().map(|(at, _)| at).chain([word.len()]).collect();
    let mut ways: Vec<Option<(usize, Vec<u32>)>> = vec![None; ends.len()];
    if let Some(start) = ways.first_mut() {
        *start = Some((0, Vec::new()));
    }
    for from in 0..ends.len() {
        let Some(Some((score, parts))) = ways.get(from).cloned() else { continue };
        if parts.len() >= MAX_PARTS {
            continue;
        }
        for to in from + MIN_PART..ends.len() {
            let text = ends.get(from).zip(ends.get(to)).and_then(|(from, to)| word.get(*from..*to));
            let Some((number, letters)) = text.and_then(|text| part(index, text, from, to, ends.len() - 1))
            else {
                continue;
            };
            let score = score + letters * letters;
            if let Some(way) = ways.get_mut(to)
                && way.as_ref().is_none_or(|(known, _)| *known < score)
            {
                let parts = parts.iter().copied().chain([number]).collect();
                *way = Some((score, parts));
            }
        }
    }
    let (score, parts) = ways.pop().flatten()?;
    let is_likely = parts.len() > 1 && score > MIN_LONGEST_PART * MIN_LONGEST_PART;
    is_likely.then_some(parts)
}

/// A known word, where need be without the link to the next one, and its length.
fn part(index: &DiscoveryIndex, text: &str, from: usize, to: usize, end: usize) -> Option<(u32, usize)> {
    let links = if to < end { LINKS } else { LINKS.get(..1)? };
    links.iter().find_map(|link| {
        let bare = text.strip_suffix(link)?;
        let letters = (to - from) - link.len();
        let is_suffix = to == end && SUFFIXES.contains(&bare);
        (letters >= MIN_PART && !is_suffix && !words::is_stop_word(bare)).then_some(())?;
        Some((index.term(&words::stem(bare))?, letters))
    })
}
