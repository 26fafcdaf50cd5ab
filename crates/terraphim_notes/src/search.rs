//! Runs one search over a view.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use tantivy::TantivyError;

use crate::{
    config::Relevance,
    feedback,
    follow::Progress,
    key::NoteKey,
    query::{self, Expr, Phrase},
    score::{FIELD_NAMES, Scorer, Scores},
    snippet::snippet,
    tokenizer::{Form, tokens},
    view::RoleView,
};

/// What a concept's best synonym, and the graph of concepts, count beside the words.
const SYNONYM_WEIGHT: f32 = 0.4;
const GRAPH_WEIGHT: f64 = 0.5;

/// Most concepts of one query that widen it; those mentioned first do.
const MAX_CONCEPTS: usize = 32;

/// How many documents the graph raises, those that it ranks best.
const MAX_RAISED: usize = 1_000;

/// What is asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SearchRequest {
    /// The query, in the language of `query.rs`.
    pub query: String,
    /// Most documents to give.
    pub limit: usize,
    /// How many of the best to leave out.
    pub skip: usize,
    /// Whether to say where each score comes from.
    pub explain: bool,
}

/// What is found.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Page {
    /// The documents, best first.
    pub documents: Vec<Found>,
    /// How many documents match in all.
    pub total: usize,
    /// How many were left out.
    pub skip: usize,
    /// How many were asked for.
    pub limit: usize,
    /// Given while notes are being read, so that some may not be found yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub indexing: Option<Progress>,
}

/// One document found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Found {
    /// Stays the same while the note stays where it is.
    pub id: String,
    /// From the front matter, the first heading, or the file's name.
    pub title: String,
    /// The front matter's, or one of our own.
    pub url: String,
    /// The score as a part of the best document's: 1 for that one, above 0 for all.
    pub rank: f64,
    /// By the role's relevance function.
    pub score: f64,
    /// The concept that it is most about.
    pub topic: Option<String>,
    /// From the front matter.
    pub tags: Vec<String>,
    /// At most 300 characters around what was found.
    pub snippet: String,
    /// Below its haystack.
    pub path: String,
    /// Where the score comes from, if that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explain: Option<Explanation>,
}

/// Where a score comes from.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explanation {
    /// The relevance function.
    pub relevance: &'static str,
    /// What each part of the query gave. Of a concept's synonyms only the best one counts.
    pub parts: Vec<Part>,
}

/// What a part of the query gave to a document.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Part {
    /// `word`, `phrase`, `prefix`, `synonym`, `graph` or `feedback`.
    pub kind: &'static str,
    /// What was looked for, as stems; for `graph` the concepts.
    pub text: String,
    /// What it adds to the score.
    pub score: f64,
    /// In how many documents it occurs.
    pub documents: usize,
    /// How often it occurs in each field of this document.
    pub fields: BTreeMap<&'static str, u32>,
}

/// Runs a search; of documents with the same score those with the lesser id come first.
pub(crate) fn run(view: &RoleView, request: &SearchRequest) -> Result<Page, TantivyError> {
    let progress = Some(view.progress()).filter(|progress| progress.is_incomplete());
    let mut page = Page { skip: request.skip, limit: request.limit, indexing: progress, ..Page::default() };
    let Some(expr) = query::parse(&request.query) else { return Ok(page) };
    let parts = &view.parts;
    let relevance = parts.role.relevance;
    let mut scorer = Scorer::new(&parts.searcher, &parts.fields, relevance, request.explain)?;
    let mut scores = match relevance {
        Relevance::TerraphimGraph => with_concepts(view, &request.query, &expr, &mut scorer)?,
        _ => scorer.score(&expr)?,
    };
    if matches!(relevance, Relevance::TerraphimGraph | Relevance::Bm25f) {
        feedback::reorder(view, &expr, &mut scorer, &mut scores)?;
    }
    let notes = usize::try_from(parts.searcher.num_docs()).unwrap_or(usize::MAX);
    let wanted = request.skip.saturating_add(request.limit).min(notes).max(1);
    let (ranked, total) = scorer.best(&scores, wanted)?;
    page.total = total;
    let best = ranked.first().map_or(0.0, |(score, _)| *score);
    for (score, number) in ranked.into_iter().skip(request.skip).take(request.limit) {
        page.documents.push(found(view, &scorer, (score, best), number)?);
    }
    Ok(page)
}

/// Scores the query's words, and raises documents by the concepts that it mentions.
fn with_concepts(
    view: &RoleView,
    text: &str,
    expr: &Expr,
    scorer: &mut Scorer<'_>,
) -> Result<Scores, TantivyError> {
    let knowledge = &view.parts.knowledge;
    let mut concepts = Vec::new();
    for concept in knowledge.mentions(text) {
        if !concepts.contains(&concept) && concepts.len() < MAX_CONCEPTS {
            knowledge.note_use(concept);
            concepts.push(concept);
        }
    }
    let mut scores = scorer.score(expr)?;
    // A query that says what must occur is not widened beyond that.
    let narrow =
        matches!(expr, Expr::Phrase(_)) || matches!(expr, Expr::List { must, .. } if !must.is_empty());
    let mut widened = scorer.none();
    for concept in &concepts {
        let phrase =
            |term: &str| -> Phrase { tokens(term, Form::Stem).into_iter().map(|token| token.text).collect() };
        let mut synonyms: Vec<Phrase> = knowledge.synonyms(*concept).map(phrase).collect();
        synonyms.sort_unstable();
        synonyms.dedup();
        scorer.add_best(&synonyms, SYNONYM_WEIGHT, &mut widened)?;
    }
    for (sum, more) in scores.iter_mut().zip(widened) {
        if !narrow || *sum > 0.0 {
            *sum += more;
        }
    }
    let ranked = view.graph().rank(&concepts, MAX_RAISED);
    if !ranked.is_empty() {
        let ranks: HashMap<u64, f32> =
            ranked.iter().map(|ranked| (ranked.document.0, (ranked.score * GRAPH_WEIGHT) as f32)).collect();
        let names: Vec<&str> = concepts.iter().map(|concept| knowledge.name(*concept)).collect();
        scorer.add_graph(&ranks, &mut scores, names.join(", "))?;
    }
    Ok(scores)
}

fn found(
    view: &RoleView,
    scorer: &Scorer<'_>,
    (score, best): (f32, f32),
    number: u32,
) -> Result<Found, TantivyError> {
    let kept = view.kept(scorer.address(number))?;
    let key = NoteKey::of(&kept.path);
    let rank = if best > 0.0 { f64::from(score) / f64::from(best) } else { 1.0 };
    Ok(Found {
        id: key.to_string(),
        title: kept.title,
        url: kept.url,
        rank: rank.clamp(0.0, 1.0),
        score: f64::from(score),
        topic: view.topic(key),
        tags: kept.tags,
        snippet: snippet(&kept.excerpt, &scorer.highlights),
        path: kept.path,
        explain: explanation(view, scorer, number),
    })
}

fn explanation(view: &RoleView, scorer: &Scorer<'_>, number: u32) -> Option<Explanation> {
    let parts = scorer.accounts.as_ref()?.iter().filter_map(|account| {
        let (score, frequencies) = account.found.get(&number)?;
        let fields = FIELD_NAMES.into_iter().zip(*frequencies).filter(|(_, frequency)| *frequency > 0);
        Some(Part {
            kind: account.kind,
            text: account.text.clone(),
            score: f64::from(*score),
            documents: account.found.len(),
            fields: fields.collect(),
        })
    });
    Some(Explanation { relevance: view.role().relevance.name(), parts: parts.collect() })
}
