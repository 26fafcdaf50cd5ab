//! `autocomplete_terms`, `autocomplete_with_snippets` and the three fuzzy
//! searches: terms of the thesaurus that complete or correct what was typed.

use std::sync::Arc;

use serde::Serialize;
use serde_json::{Value, json};
use terraphim_kg::{AutocompleteIndex, MAX_EDIT_DISTANCE, MAX_QUERY_CHARS, Near, Suggestion};

use super::{
    Effect, Tool, Tools,
    arguments::Arguments,
    reply::{Outcome, Paging, ToolError, blocking, listed, reply},
    schema::{count, limit, list, maybe_text, next, number, object, role, share, skip, takes, text, words},
};
use crate::{RoleView, SearchRequest};

/// By default, and at most; the index itself gives no more than 1,000.
const LIMIT: (u64, u64) = (10, 500);
const SNIPPETS: (u64, u64) = (5, 50);

const SIMILARITY: f64 = 0.6;
const EDIT_DISTANCE: u64 = 2;

pub(super) static COMPLETE: Tool = Tool {
    name: "autocomplete_terms",
    title: "Complete a term",
    description: "Terms of the knowledge graph that begin with a text, heaviest first.",
    effect: Effect::Reads,
    capabilities: &["autocomplete", "read"],
    input: || {
        takes(1, [("query", query()), ("limit", limit(LIMIT.0, LIMIT.1)), ("role", role()), ("skip", skip())])
    },
    output: || suggestions(&[]),
    call: |tools, arguments| Box::pin(complete(tools, arguments)),
};

pub(super) static WITH_SNIPPETS: Tool = Tool {
    name: "autocomplete_with_snippets",
    title: "Complete a term, with snippets",
    description: "The same as autocomplete_terms, each with a snippet of the note that best fits it.",
    effect: Effect::Reads,
    capabilities: &["autocomplete", "search", "read"],
    input: || {
        takes(
            1,
            [
                ("query", query()),
                ("limit", limit(SNIPPETS.0, SNIPPETS.1)),
                ("role", role()),
                ("skip", skip()),
            ],
        )
    },
    output: || {
        suggestions(&[("snippet", maybe_text()), ("title", maybe_text()), ("document_url", maybe_text())])
    },
    call: |tools, arguments| Box::pin(with_snippets(tools, arguments)),
};

pub(super) static FUZZY: Tool = Tool {
    name: "fuzzy_autocomplete_search",
    title: "Correct a term",
    description: "Terms of the knowledge graph that a misspelt text may mean, likeliest first.",
    effect: Effect::Reads,
    capabilities: &["autocomplete", "search", "read"],
    input: || fuzzy_input(("similarity", share(SIMILARITY, "Least Jaro-Winkler similarity."))),
    output: near_output,
    call: |tools, arguments| Box::pin(fuzzy(tools, arguments, Way::Likeliest)),
};

pub(super) static LEVENSHTEIN: Tool = Tool {
    name: "fuzzy_autocomplete_search_levenshtein",
    title: "Correct a term by edits",
    description: "Terms within a number of edits of a text, likeliest first.",
    effect: Effect::Reads,
    capabilities: &["autocomplete", "search", "read"],
    input: || {
        fuzzy_input((
            "max_edit_distance",
            json!({ "type": "integer", "minimum": 0, "maximum": MAX_EDIT_DISTANCE, "default": EDIT_DISTANCE }),
        ))
    },
    output: near_output,
    call: |tools, arguments| Box::pin(fuzzy(tools, arguments, Way::Levenshtein)),
};

pub(super) static JARO_WINKLER: Tool = Tool {
    name: "fuzzy_autocomplete_search_jaro_winkler",
    title: "Correct a term by likeness",
    description: "Terms that look like a text by Jaro-Winkler, most similar first.",
    effect: Effect::Reads,
    capabilities: &["autocomplete", "search", "read"],
    input: || fuzzy_input(("similarity", share(SIMILARITY, "The least that counts."))),
    output: near_output,
    call: |tools, arguments| Box::pin(fuzzy(tools, arguments, Way::JaroWinkler)),
};

fn query() -> Value {
    words("What was typed.", MAX_QUERY_CHARS)
}

fn fuzzy_input(measure: (&str, Value)) -> Value {
    takes(
        1,
        [("query", query()), measure, ("limit", limit(LIMIT.0, LIMIT.1)), ("role", role()), ("skip", skip())],
    )
}

fn near_output() -> Value {
    suggestions(&[("distance", count()), ("similarity", number())])
}

fn suggestions(more: &[(&str, Value)]) -> Value {
    let mut one = object(
        5,
        [("term", text()), ("concept", text()), ("id", count()), ("url", maybe_text()), ("weight", count())],
    );
    for (name, schema) in more {
        if let Some(properties) = one.get_mut("properties").and_then(Value::as_object_mut) {
            properties.insert((*name).to_owned(), schema.clone());
        }
        if let Some(required) = one.get_mut("required").and_then(Value::as_array_mut) {
            required.push(json!(name));
        }
    }
    object(1, [("suggestions", list(one)), ("next", next())])
}

#[derive(Serialize)]
struct Completed<'i> {
    term: &'i str,
    concept: &'i str,
    id: u64,
    url: Option<&'i str>,
    weight: u64,
}

impl<'i> From<Suggestion<'i>> for Completed<'i> {
    fn from(Suggestion { term, concept, id, url, weight }: Suggestion<'i>) -> Self {
        Self { term, concept, id, url, weight }
    }
}

#[derive(Serialize)]
struct Page<T> {
    suggestions: Vec<T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<usize>,
}

impl<T: Serialize> Page<T> {
    /// A page out of a list that was asked for one more than is shown.
    fn answer<'i>(all: Vec<T>, page: Paging, term: impl Fn(&T) -> (&'i str, &'i str)) -> Outcome
    where
        T: 'i,
    {
        let next = page.next(page.limit, all.len());
        let suggestions = page.cut(all);
        let heading = match suggestions.len() {
            0 => "No term fits.".to_owned(),
            shown => format!("{shown} terms:"),
        };
        let line = |suggestion: &T| match term(suggestion) {
            (term, concept) if term == concept => term.to_owned(),
            (term, concept) => format!("{term} -> {concept}"),
        };
        let told = listed(heading, suggestions.iter().map(line));
        reply(&Self { suggestions, next }, told)
    }
}

/// How many to ask the index for.
fn wanted(page: Paging) -> usize {
    page.skip.saturating_add(page.limit).saturating_add(1)
}

async fn complete(tools: &Tools, arguments: Arguments<'_>) -> Outcome {
    let query = arguments.words("query", "what was typed", MAX_QUERY_CHARS)?;
    let page = Paging::of(arguments, LIMIT.0, LIMIT.1)?;
    let index = index(tools.view(arguments).await?).await?;
    let all: Vec<Completed<'_>> = index.complete(query, wanted(page)).into_iter().map(Into::into).collect();
    Page::answer(all, page, |found| (found.term, found.concept))
}

/// The role's index, which is made when it is first asked for.
async fn index(view: Arc<RoleView>) -> Result<Arc<AutocompleteIndex>, ToolError> {
    blocking(move || Ok(view.autocomplete()?)).await
}

#[derive(Serialize)]
struct WithSnippet<'i> {
    #[serde(flatten)]
    completed: Completed<'i>,
    snippet: Option<String>,
    title: Option<String>,
    document_url: Option<String>,
}

async fn with_snippets(tools: &Tools, arguments: Arguments<'_>) -> Outcome {
    let query = arguments.words("query", "what was typed", MAX_QUERY_CHARS)?.to_owned();
    let page = Paging::of(arguments, SNIPPETS.0, SNIPPETS.1)?;
    let view = tools.view(arguments).await?;
    blocking(move || {
        let index = view.autocomplete()?;
        let all = index.complete(&query, wanted(page)).into_iter().enumerate().map(|(place, found)| {
            let shown = (page.skip..page.skip.saturating_add(page.limit)).contains(&place);
            let note = if shown { best_note(&view, found.term)? } else { None };
            let (snippet, title, document_url) = note
                .map_or((None, None, None), |note| (Some(note.snippet), Some(note.title), Some(note.url)));
            Ok(WithSnippet { completed: found.into(), snippet, title, document_url })
        });
        let all = all.collect::<Result<Vec<_>, ToolError>>()?;
        Page::answer(all, page, |found| (found.completed.term, found.completed.concept))
    })
    .await
}

/// The note that best fits a term as a phrase.
fn best_note(view: &RoleView, term: &str) -> Result<Option<crate::Found>, ToolError> {
    let query = format!("\"{}\"", term.replace(['"', '“', '”', '„', '«', '»'], " "));
    let request = SearchRequest { query, limit: 1, skip: 0, explain: false };
    Ok(view.search(&request)?.documents.into_iter().next())
}

#[derive(Clone, Copy)]
enum Way {
    /// By edits with their likelihood, then by likeness.
    Likeliest,
    Levenshtein,
    JaroWinkler,
}

#[derive(Serialize)]
struct Corrected<'i> {
    #[serde(flatten)]
    completed: Completed<'i>,
    distance: usize,
    similarity: f64,
}

impl<'i> From<Near<'i>> for Corrected<'i> {
    fn from(near: Near<'i>) -> Self {
        Self { completed: near.suggestion.into(), distance: near.distance, similarity: near.similarity }
    }
}

async fn fuzzy(tools: &Tools, arguments: Arguments<'_>, way: Way) -> Outcome {
    let query = arguments.words("query", "what was typed", MAX_QUERY_CHARS)?.to_owned();
    let page = Paging::of(arguments, LIMIT.0, LIMIT.1)?;
    let distance = match way {
        Way::Levenshtein => {
            let most = u64::try_from(MAX_EDIT_DISTANCE).unwrap_or(EDIT_DISTANCE);
            arguments.integer("max_edit_distance", EDIT_DISTANCE, 0..=most)?
        }
        Way::Likeliest | Way::JaroWinkler => 0,
    };
    let similarity = match way {
        Way::Levenshtein => 0.0,
        Way::Likeliest | Way::JaroWinkler => arguments.share("similarity", SIMILARITY)?,
    };
    let view = tools.view(arguments).await?;
    blocking(move || {
        let index = view.autocomplete()?;
        let found = match way {
            Way::Levenshtein => index.nearest(&query, distance, wanted(page))?,
            Way::JaroWinkler => index.similar(&query, similarity, wanted(page))?,
            Way::Likeliest => index.correct(&query, similarity, wanted(page))?,
        };
        let all: Vec<Corrected<'_>> = found.into_iter().map(Into::into).collect();
        Page::answer(all, page, |found| (found.completed.term, found.completed.concept))
    })
    .await
}
