//! Turns a query into a ranked search.
//!
//! # Relevance
//! With `BM25_f(x, d)` the BM25 score (k1 = 1.2, b = 0.75) of a word or phrase
//! `x` in field `f` of document `d`, and the field weights `w` title 2, tags
//! 1.5, body 1, a word or phrase scores
//!
//! ```text
//! P(x, d) = Σ_f w_f · BM25_f(x, d)
//! ```
//!
//! Relevance `bm25` of a query `q` is `Σ_{x ∈ q} P(x, d)`. Relevance
//! `terraphim-graph` adds, for each concept `c` that the query mentions (the first 32 of them),
//!
//! ```text
//! 0.4 · max_{s ∈ synonyms(c)} P(s, d)  +  1.0 · BM25_concepts(c, d)
//! ```
//!
//! The first term widens the query by the concept's synonyms; the best one alone
//! counts, so that a concept gains nothing by having many. The second raises
//! documents that mention the concept by any of its terms: field `concepts` holds
//! each concept once per mention (five times for one in the title, three times
//! for one in the tags), so that BM25 saturates repetition and favours documents
//! that are about few things.
//!
//! Words are alternatives: one that matches suffices. A phrase in double quotes
//! must occur, words side by side, in one field. Nothing else has a meaning of its own.

use std::collections::HashMap;

use tantivy::{
    Score, Term,
    query::{BooleanQuery, BoostQuery, DisjunctionMaxQuery, Occur, PhraseQuery, Query, TermQuery},
    schema::{Field, IndexRecordOption},
};
use terraphim_kg::is_spaceless;

use crate::{config::Relevance, index::Fields, knowledge::Knowledge, tokenizer::tokens};

const TITLE_WEIGHT: Score = 2.0;
const TAGS_WEIGHT: Score = 1.5;
const BODY_WEIGHT: Score = 1.0;
const SYNONYM_WEIGHT: Score = 0.4;
const CONCEPT_WEIGHT: Score = 1.0;

/// Most concepts of one query that widen it; those mentioned first do.
const MAX_CONCEPTS: usize = 32;

/// Tokens that stand side by side; a single word is a phrase of one.
type Phrase = Vec<String>;

/// A query ready to run.
pub(crate) struct Plan {
    pub(crate) query: Box<dyn Query>,
    /// What a snippet should show, by token.
    pub(crate) highlights: HashMap<String, Score>,
}

/// Plans a query; none if it holds nothing that could be found.
pub(crate) fn plan(text: &str, relevance: Relevance, fields: &Fields, knowledge: &Knowledge) -> Option<Plan> {
    let parsed = Parsed::new(text);
    if parsed.words.is_empty() && parsed.phrases.is_empty() {
        return None;
    }
    let mut clauses: Vec<(Occur, Box<dyn Query>)> = Vec::new();
    let mut highlights = HashMap::new();
    for (occur, phrases) in [(Occur::Should, &parsed.words), (Occur::Must, &parsed.phrases)] {
        for phrase in phrases {
            clauses.extend(phrase_query(phrase, fields).map(|query| (occur, query)));
            highlights.extend(phrase.iter().map(|token| (token.clone(), 1.0)));
        }
    }
    if relevance == Relevance::TerraphimGraph {
        for (concept, _) in knowledge.mentions(text).into_iter().take(MAX_CONCEPTS) {
            let synonyms: Vec<Phrase> = knowledge.synonyms(concept).into_iter().map(all_tokens).collect();
            let widened: Vec<_> = synonyms.iter().filter_map(|phrase| phrase_query(phrase, fields)).collect();
            let widened = boosted(Box::new(DisjunctionMaxQuery::new(widened)), SYNONYM_WEIGHT);
            clauses.push((Occur::Should, widened));
            let term = Term::from_field_text(fields.concepts, knowledge.name(concept));
            let mentions = Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs));
            clauses.push((Occur::Should, boosted(mentions, CONCEPT_WEIGHT)));
            for token in synonyms.into_iter().flatten() {
                highlights.entry(token).or_insert(SYNONYM_WEIGHT);
            }
        }
    }
    Some(Plan { query: Box::new(BooleanQuery::new(clauses)), highlights })
}

/// The words and phrases of a query, each once.
#[derive(Debug, Default, PartialEq, Eq)]
struct Parsed {
    words: Vec<Phrase>,
    phrases: Vec<Phrase>,
}

impl Parsed {
    fn new(text: &str) -> Self {
        let mut parsed = Self::default();
        let parts: Vec<&str> = text.split(['"', '“', '”', '„', '«', '»']).collect();
        for (position, part) in parts.iter().enumerate() {
            // Every second part stands between quotes, unless the last one is never closed.
            let quoted = position % 2 == 1 && position + 1 < parts.len();
            if quoted {
                push_new(&mut parsed.phrases, all_tokens(part));
            } else {
                words(part).into_iter().for_each(|word| push_new(&mut parsed.words, word));
            }
        }
        parsed
    }
}

fn push_new(phrases: &mut Vec<Phrase>, phrase: Phrase) {
    if !phrase.is_empty() && !phrases.contains(&phrase) {
        phrases.push(phrase);
    }
}

fn all_tokens(text: &str) -> Phrase {
    tokens(text).into_iter().map(|token| token.text).collect()
}

/// Single words; of a run in a script without blanks, each two neighbours.
fn words(text: &str) -> Vec<Phrase> {
    let mut words: Vec<Phrase> = Vec::new();
    // The end and the text of the token before, and whether it already is in a pair.
    let mut before: Option<(usize, String, bool)> = None;
    for token in tokens(text) {
        let spaceless = token.text.chars().next().is_some_and(is_spaceless);
        let neighbour = before.take().filter(|(end, ..)| spaceless && *end == token.offset_from);
        if let Some((_, first, paired)) = neighbour {
            if !paired {
                words.pop();
            }
            words.push(vec![first, token.text.clone()]);
            before = Some((token.offset_to, token.text, true));
        } else {
            words.push(vec![token.text.clone()]);
            before = spaceless.then_some((token.offset_to, token.text, false));
        }
    }
    words
}

/// `P` of the module's formula; none for a phrase without tokens.
fn phrase_query(phrase: &[String], fields: &Fields) -> Option<Box<dyn Query>> {
    if phrase.is_empty() {
        return None;
    }
    let weighted = [(fields.title, TITLE_WEIGHT), (fields.tags, TAGS_WEIGHT), (fields.body, BODY_WEIGHT)];
    let in_fields = weighted.map(|(field, weight)| boosted(in_field(phrase, field), weight));
    Some(Box::new(BooleanQuery::union(in_fields.into())))
}

fn in_field(phrase: &[String], field: Field) -> Box<dyn Query> {
    let mut terms: Vec<Term> = phrase.iter().map(|token| Term::from_field_text(field, token)).collect();
    match (terms.len(), terms.pop()) {
        (1, Some(term)) => Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs)),
        (_, last) => {
            terms.extend(last);
            Box::new(PhraseQuery::new(terms))
        }
    }
}

fn boosted(query: Box<dyn Query>, weight: Score) -> Box<dyn Query> {
    Box::new(BoostQuery::new(query, weight))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, words: &[&[&str]], phrases: &[&[&str]]) {
        let owned = |phrases: &[&[&str]]| -> Vec<Phrase> {
            phrases.iter().map(|phrase| phrase.iter().map(|token| (*token).to_owned()).collect()).collect()
        };
        let parsed = Parsed::new(text);
        assert_eq!(parsed, Parsed { words: owned(words), phrases: owned(phrases) }, "{text}");
    }

    #[test]
    fn words_and_phrases() {
        check("Rust async, RUST", &[&["rust"], &["async"]], &[]);
        check("a \"Rust  patterns\" b", &[&["a"], &["b"]], &[&["rust", "pattern"]]);
        check("\"one\" \"\" “two”", &[], &[&["one"], &["two"]]);
        check("never \"closed here", &[&["never"], &["closed"], &["here"]], &[]);
        check("AND OR (x:y)* -z +~^2", &[&["and"], &["or"], &["x"], &["y"], &["z"], &["2"]], &[]);
        check("!? \"", &[], &[]);
    }

    #[test]
    fn scripts_without_blanks_are_searched_by_pairs() {
        check("检索引 rust", &[&["检", "索"], &["索", "引"], &["rust"]], &[]);
        check("检 索", &[&["检"], &["索"]], &[]);
        check("用rust检索", &[&["用"], &["rust"], &["检", "索"]], &[]);
        check("\"检索\"", &[], &[&["检", "索"]]);
    }
}
