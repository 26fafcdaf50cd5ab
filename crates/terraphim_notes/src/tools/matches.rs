//! `find_matches`, `replace_matches` and `extract_paragraphs_from_automata`:
//! the terms of the role's thesaurus in a text.

use std::{
    collections::{HashMap, HashSet},
    ops::Range,
};

use serde::Serialize;
use terraphim_kg::{BlockKind, Boundaries, LinkType, Match, Matcher};

use super::{
    Effect, Tool, Tools,
    arguments::{ArgumentError, Arguments},
    reply::{Outcome, Paging, blocking, excerpt, listed, reply},
    schema::{
        count, flag, limit, list, maybe_text, next, object, one_of, role, skip, span, takes, text, told,
    },
};

/// Longest text, in bytes: what the arguments of one call may hold.
pub(super) const MAX_TEXT_BYTES: usize = 8 << 20;

const MATCHES: (u64, u64) = (100, 100_000);
const PARAGRAPHS: (u64, u64) = (20, 10_000);
const LINK_TYPES: [&str; 4] = ["wiki", "html", "markdown", "plain"];

pub(super) static FIND: Tool = Tool {
    name: "find_matches",
    title: "Find terms",
    description: "Finds the terms of the knowledge graph in a text: longest first, whole words, any case.",
    effect: Effect::Reads,
    capabilities: &["match", "read"],
    input: || {
        takes(
            1,
            [
                ("text", text()),
                ("role", role()),
                ("return_positions", flag(true, "False gives each term once, with its count.")),
                ("limit", limit(MATCHES.0, MATCHES.1)),
                ("skip", skip()),
            ],
        )
    },
    output: || {
        let found = object(
            4,
            [
                ("term", told("As written in the text.")),
                ("concept", text()),
                ("id", count()),
                ("url", maybe_text()),
                ("bytes", span()),
                ("chars", span()),
                ("count", count()),
            ],
        );
        object(2, [("matches", list(found)), ("total", count()), ("next", next())])
    },
    call: |tools, arguments| Box::pin(find(tools, arguments)),
};

pub(super) static REPLACE: Tool = Tool {
    name: "replace_matches",
    title: "Replace terms by links",
    description: "Turns the terms in a Markdown text into links to their concepts, or into the concepts' names \
                  (plain). Code, addresses and existing links stay as they are.",
    effect: Effect::Reads,
    capabilities: &["replace", "read"],
    input: || takes(2, [("text", text()), ("link_type", one_of(&LINK_TYPES)), ("role", role())]),
    output: || object(3, [("text", text()), ("replaced", count()), ("left", count())]),
    call: |tools, arguments| Box::pin(replace(tools, arguments)),
};

pub(super) static PARAGRAPH: Tool = Tool {
    name: "extract_paragraphs_from_automata",
    title: "Extract paragraphs",
    description: "Gives the paragraphs of a Markdown text that mention terms of the knowledge graph; lists, tables \
                  and code whole.",
    effect: Effect::Reads,
    capabilities: &["extract", "read"],
    input: || {
        takes(
            1,
            [
                ("text", text()),
                ("role", role()),
                ("include_term", flag(true, "False leaves the terms out of the paragraphs.")),
                ("limit", limit(PARAGRAPHS.0, PARAGRAPHS.1)),
                ("skip", skip()),
            ],
        )
    },
    output: || {
        let term = object(2, [("term", text()), ("concept", text())]);
        let paragraph = object(
            5,
            [("text", text()), ("kind", text()), ("terms", list(term)), ("bytes", span()), ("chars", span())],
        );
        object(2, [("paragraphs", list(paragraph)), ("total", count()), ("next", next())])
    },
    call: |tools, arguments| Box::pin(paragraphs(tools, arguments)),
};

#[derive(Serialize)]
struct Span {
    start: usize,
    end: usize,
}

impl From<&Range<usize>> for Span {
    fn from(range: &Range<usize>) -> Self {
        Self { start: range.start, end: range.end }
    }
}

#[derive(Serialize)]
struct Found<'t> {
    term: &'t str,
    concept: &'t str,
    id: u64,
    url: Option<&'t str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<Span>,
    #[serde(skip_serializing_if = "Option::is_none")]
    chars: Option<Span>,
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<usize>,
}

#[derive(Serialize)]
struct Matches<'t> {
    matches: Vec<Found<'t>>,
    total: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<usize>,
}

async fn find(tools: &Tools, arguments: Arguments<'_>) -> Outcome {
    let text = arguments.document("text", "the text to look through", MAX_TEXT_BYTES)?.to_owned();
    let positions = arguments.flag("return_positions")?.unwrap_or(true);
    let page = Paging::of(arguments, MATCHES.0, MATCHES.1)?;
    let view = tools.view(arguments).await?;
    blocking(move || {
        let matcher = view.matcher(Boundaries::Words)?;
        found(&matcher, &text, positions, page)
    })
    .await
}

fn found(matcher: &Matcher, text: &str, positions: bool, page: Paging) -> Outcome {
    let all = matcher.find(text);
    let (total, matches): (usize, Vec<Found<'_>>) = if positions {
        let shown = page.cut(&all).into_iter().filter_map(|found| one(matcher, text, found));
        let placed = shown.zip(page.cut(&all)).map(|(shown, found)| Found {
            bytes: Some(Span::from(&found.bytes)),
            chars: Some(Span::from(&found.chars)),
            ..shown
        });
        (all.len(), placed.collect())
    } else {
        let counts = distinct(text, &all);
        let shown = page.cut(&counts).into_iter();
        let counted = shown
            .filter_map(|(times, found)| Some(Found { count: Some(*times), ..one(matcher, text, found)? }));
        (counts.len(), counted.collect())
    };
    let heading = match (matches.len(), total) {
        (_, 0) => "No term of the knowledge graph is in the text.".to_owned(),
        (shown, total) => format!("{shown} of {total} terms:"),
    };
    let lines = matches.iter().map(|found| format!("{} -> {}", found.term, found.concept));
    let told = listed(heading, lines);
    let next = page.next(matches.len(), total);
    reply(&Matches { matches, total, next }, told)
}

/// Each written term once with how often it stands there, in the order of the text.
fn distinct<'m>(text: &str, all: &'m [Match]) -> Vec<(usize, &'m Match)> {
    let mut counts: Vec<(usize, &Match)> = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    for found in all {
        let written = text.get(found.bytes.clone()).unwrap_or_default();
        let place = *places.entry(written).or_insert(counts.len());
        match counts.get_mut(place) {
            Some((count, _)) => *count += 1,
            None => counts.push((1, found)),
        }
    }
    counts
}

fn one<'t>(matcher: &'t Matcher, text: &'t str, found: &Match) -> Option<Found<'t>> {
    let concept = matcher.thesaurus().concept(found.concept)?;
    Some(Found {
        term: text.get(found.bytes.clone())?,
        concept: &concept.name,
        id: concept.id,
        url: concept.url.as_deref(),
        bytes: None,
        chars: None,
        count: None,
    })
}

#[derive(Serialize)]
struct Replaced {
    text: String,
    replaced: usize,
    left: usize,
}

async fn replace(tools: &Tools, arguments: Arguments<'_>) -> Outcome {
    let text = arguments.document("text", "the text to change", MAX_TEXT_BYTES)?.to_owned();
    let link = arguments.words("link_type", "wiki, html, markdown or plain", 40)?;
    let link: LinkType = link.parse().map_err(|_| ArgumentError::NotAmong {
        name: "link_type",
        choices: "wiki, html, markdown or plain",
    })?;
    let view = tools.view(arguments).await?;
    blocking(move || {
        let made = view.matcher(Boundaries::Words)?.replace(&text, link);
        // The whole text stands in the structured result.
        let told = excerpt(&made.text);
        reply(&Replaced { text: made.text, replaced: made.replaced, left: made.left }, told)
    })
    .await
}

#[derive(Serialize)]
struct Term<'t> {
    term: &'t str,
    concept: &'t str,
}

#[derive(Serialize)]
struct Extracted<'t> {
    text: String,
    kind: &'static str,
    terms: Vec<Term<'t>>,
    bytes: Span,
    chars: Span,
}

#[derive(Serialize)]
struct Paragraphs<'t> {
    paragraphs: Vec<Extracted<'t>>,
    total: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<usize>,
}

async fn paragraphs(tools: &Tools, arguments: Arguments<'_>) -> Outcome {
    let text = arguments.document("text", "the text to look through", MAX_TEXT_BYTES)?.to_owned();
    let include_term = arguments.flag("include_term")?.unwrap_or(true);
    let page = Paging::of(arguments, PARAGRAPHS.0, PARAGRAPHS.1)?;
    let view = tools.view(arguments).await?;
    blocking(move || {
        let matcher = view.matcher(Boundaries::Words)?;
        extracted(&matcher, &text, include_term, page)
    })
    .await
}

fn extracted(matcher: &Matcher, text: &str, include_term: bool, page: Paging) -> Outcome {
    let all = matcher.paragraphs(text);
    let total = all.len();
    let shown = page.cut(all).into_iter().map(|paragraph| {
        let mut known = HashSet::new();
        let found = paragraph.matches.iter().filter_map(|found| one(matcher, text, found));
        let terms = found.filter(|found| known.insert(found.term));
        let terms = terms.map(|found| Term { term: found.term, concept: found.concept }).collect();
        Extracted {
            text: if include_term { paragraph.text.to_owned() } else { paragraph.without_terms() },
            kind: kind(paragraph.kind),
            terms,
            bytes: Span::from(&paragraph.bytes),
            chars: Span::from(&paragraph.chars),
        }
    });
    let paragraphs: Vec<_> = shown.collect();
    let heading = match (paragraphs.len(), total) {
        (_, 0) => "No paragraph mentions a term of the knowledge graph.".to_owned(),
        (shown, total) => format!("{shown} of {total} paragraphs:"),
    };
    let told = listed(heading, paragraphs.iter().map(|paragraph| format!("\n{}", paragraph.text)));
    let next = page.next(paragraphs.len(), total);
    reply(&Paragraphs { paragraphs, total, next }, told)
}

fn kind(kind: BlockKind) -> &'static str {
    match kind {
        BlockKind::FrontMatter => "front_matter",
        BlockKind::Heading => "heading",
        BlockKind::Text => "text",
        BlockKind::List => "list",
        BlockKind::Table => "table",
        BlockKind::Quote => "quote",
        BlockKind::Code => "code",
        BlockKind::Html => "html",
        BlockKind::Definition => "definition",
    }
}
