//! A second look at what a query of several words found.
//!
//! The words that tell the five best documents from others are taken as if they
//! had been asked for too, with less weight, and change the order of what was
//! found; nothing else is found by them. Known as RM3 (Abdul-Jaleel et al., UMass
//! at TREC 2004), here with the documents' scores as their likelihood and with
//! the words' rarity:
//!
//! ```text
//! v(w) = idf(w) · Σ_d  s(d) / Σ s  ·  f(w, d) / l(d)      over the five best documents d
//! score(d) += 0.5 · |q| · v(w) / Σ v  ·  bm25f(w, d)      for the fifteen words w of the greatest v
//! ```

use std::collections::{BTreeMap, HashMap};

use tantivy::TantivyError;

use crate::{
    query::Expr,
    score::{Scorer, Scores},
    tokenizer::{Form, tokens},
    view::RoleView,
};

/// Fewest words of a query that says enough for a second look.
const MIN_WORDS: usize = 3;

const DOCUMENTS: usize = 5;
const WORDS: usize = 15;
const WEIGHT: f32 = 0.5;

/// How much of a document is looked at, in words and bytes.
const MAX_WORDS_READ: usize = 300;
const MAX_BYTES_READ: usize = 4 << 10;

/// Changes the order of what a query found, if the query consists of enough words.
pub(crate) fn reorder(
    view: &RoleView,
    expr: &Expr,
    scorer: &mut Scorer<'_>,
    scores: &mut Scores,
) -> Result<(), TantivyError> {
    let Expr::List { must, should } = expr else { return Ok(()) };
    let plain = must.is_empty() && should.iter().all(|part| matches!(part, Expr::Word(_)));
    if !plain || should.len() < MIN_WORDS {
        return Ok(());
    }
    let (best, _) = scorer.best(scores, DOCUMENTS)?;
    let likelihood: f32 = best.iter().map(|(score, _)| score).sum();
    let mut values: BTreeMap<String, f32> = BTreeMap::new();
    for (score, number) in best {
        let kept = view.kept(scorer.address(number))?;
        let end = kept.excerpt.floor_char_boundary(MAX_BYTES_READ);
        let text = format!("{} {}", kept.title, kept.excerpt.get(..end).unwrap_or_default());
        let mut words = tokens(&text, Form::Stem);
        words.truncate(MAX_WORDS_READ);
        let part = score / likelihood / words.len().max(1) as f32;
        let mut counts: HashMap<String, f32> = HashMap::new();
        for word in words {
            *counts.entry(word.text).or_default() += part;
        }
        for (word, value) in counts {
            *values.entry(word).or_default() += value;
        }
    }
    let mut weighed = Vec::with_capacity(values.len());
    for (word, value) in values {
        weighed.push((value * scorer.rarity(&word)?, word));
    }
    weighed.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    weighed.truncate(WORDS);
    let all: f32 = weighed.iter().map(|(value, _)| value).sum();
    for (value, word) in weighed.into_iter().filter(|(value, _)| *value > 0.0) {
        scorer.add_word(&word, WEIGHT * should.len() as f32 * value / all, scores)?;
    }
    Ok(())
}
