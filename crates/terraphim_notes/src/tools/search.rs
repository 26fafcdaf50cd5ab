//! `search`: the role's notes.

use serde::Serialize;
use serde_json::json;

use super::{
    Effect, Tool, Tools,
    arguments::Arguments,
    reply::{Outcome, Paging, ToolError, blocking, listed, reply},
    schema::{
        count, flag, limit, list, maybe_text, next, number, object, role, skip, takes, text, told, words,
    },
};
use crate::{Found, Progress, RoleView, SearchRequest};

const LIMIT: (u64, u64) = (10, 1_000);

/// Longest query, in characters.
const MAX_QUERY_CHARS: usize = 2_000;

/// Most bytes of one whole document, and of all of one answer.
const BODY_BYTES: usize = 256 << 10;
const BODIES_BYTES: usize = 4 << 20;

/// Longest snippet in the text form, in bytes.
const SNIPPET_BYTES: usize = 160;

pub(super) static SEARCH: Tool = Tool {
    name: "search",
    title: "Search notes",
    description: "Searches the user's notes, best first, each with a rank from 0 to 1, the concept of their knowledge \
                  graph that it is most about, and a snippet.",
    effect: Effect::Reads,
    capabilities: &["search", "read"],
    input: || {
        let query = "Words, of which any may match. \"A phrase\" must occur. AND, OR, ( ) and prefix* work.";
        takes(
            1,
            [
                ("query", words(query, MAX_QUERY_CHARS)),
                ("role", role()),
                ("limit", limit(LIMIT.0, LIMIT.1)),
                ("skip", skip()),
                ("include_body", flag(false, "Whole documents, of up to 256 KiB each and 4 MiB in all.")),
                ("explain", flag(false, "Where each score comes from.")),
            ],
        )
    },
    output: || {
        let rank = json!({
            "type": "number", "minimum": 0, "maximum": 1,
            "description": "Relevance as a part of the best document's, which has 1."
        });
        let document = object(
            9,
            [
                ("id", text()),
                ("title", text()),
                ("url", text()),
                ("rank", rank),
                ("score", number()),
                (
                    "topic",
                    json!({ "type": ["string", "null"], "description": "The concept that it is most about." }),
                ),
                ("tags", list(text())),
                ("snippet", text()),
                ("path", text()),
                ("body", maybe_text()),
                ("body_cut", told("Why `body` is not the whole document.")),
                ("explain", json!({ "type": "object" })),
            ],
        );
        object(
            4,
            [
                ("documents", list(document)),
                ("total", count()),
                ("skip", count()),
                ("limit", count()),
                ("next", next()),
            ],
        )
    },
    call: |tools, arguments| Box::pin(search(tools, arguments)),
};

#[derive(Serialize)]
struct Answer {
    documents: Vec<Shown>,
    total: usize,
    skip: usize,
    limit: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<usize>,
    /// There while the index is behind the files. The schema does not name it:
    /// by the schema the result is a list, which is what programs get.
    #[serde(skip_serializing_if = "Option::is_none")]
    indexing: Option<Progress>,
}

#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    found: Found,
    #[serde(flatten)]
    body: Option<Body>,
}

#[derive(Serialize)]
struct Body {
    body: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body_cut: Option<&'static str>,
}

async fn search(tools: &Tools, arguments: Arguments<'_>) -> Outcome {
    let query =
        arguments.words("query", "the words to search for, phrases in double quotes", MAX_QUERY_CHARS)?;
    let page = Paging::of(arguments, LIMIT.0, LIMIT.1)?;
    let include_body = arguments.flag("include_body")?.unwrap_or(false);
    let explain = arguments.flag("explain")?.unwrap_or(false);
    let request = SearchRequest { query: query.to_owned(), limit: page.limit, skip: page.skip, explain };
    let view = tools.view(arguments).await?;
    blocking(move || {
        let found = view.search(&request)?;
        let mut room = BODIES_BYTES;
        let shown = found.documents.into_iter().map(|found| {
            let body = if include_body { Some(body(&view, &found.id, &mut room)?) } else { None };
            Ok(Shown { found, body })
        });
        let documents = shown.collect::<Result<Vec<_>, ToolError>>()?;
        let next = page.next(documents.len(), found.total);
        let answer = Answer {
            documents,
            total: found.total,
            skip: found.skip,
            limit: found.limit,
            next,
            indexing: found.indexing,
        };
        let text = told_as_text(&answer);
        reply(&answer, text)
    })
    .await
}

fn body(view: &RoleView, id: &str, room: &mut usize) -> Result<Body, ToolError> {
    let Some(document) = view.document(id)? else {
        return Ok(Body { body: None, body_cut: Some("the file is gone") });
    };
    let mut text = document.text;
    let most = BODY_BYTES.min(*room);
    if text.len() <= most {
        *room -= text.len();
        return Ok(Body { body: Some(text), body_cut: None });
    }
    if most < BODY_BYTES {
        return Ok(Body {
            body: None,
            body_cut: Some("the documents of one answer may have 4 MiB: ask for fewer"),
        });
    }
    text.truncate(text.floor_char_boundary(most));
    *room -= text.len();
    Ok(Body {
        body: Some(text),
        body_cut: Some("it is longer than 256 KiB: read the resource at `url` for all of it"),
    })
}

/// The start of a snippet on a line of its own.
fn start(snippet: &str) -> String {
    let words: Vec<&str> = snippet.split_whitespace().collect();
    let line = words.join(" ");
    let most = line.floor_char_boundary(SNIPPET_BYTES);
    match line.get(..most) {
        None | Some("") => String::new(),
        Some(start) if start.len() < line.len() => format!("\n   {start}…"),
        Some(start) => format!("\n   {start}"),
    }
}

fn told_as_text(answer: &Answer) -> String {
    let mut heading = match (answer.documents.len(), answer.total) {
        (_, 0) => "No documents match.".to_owned(),
        (0, total) => format!("{total} documents match, none after the first {}.", answer.skip),
        (shown, total) => format!("{shown} of {total} documents, best first:"),
    };
    if let Some(Progress { done, total, .. }) = answer.indexing {
        heading = format!("The notes are still being indexed ({done} of {total} files).\n{heading}");
    }
    let numbered = answer.documents.iter().zip(answer.skip + 1..);
    let lines: Vec<_> = numbered
        .map(|(shown, number)| {
            let Found { title, url, snippet, .. } = &shown.found;
            let snippet = start(snippet);
            format!("{number}. {title} <{url}>{snippet}")
        })
        .collect();
    listed(heading, lines.into_iter())
}
