//! `is_all_terms_connected_by_path`: whether the graph of the notes has one
//! path through all concepts of a text.

use std::collections::HashSet;

use serde::Serialize;
use terraphim_kg::{Boundaries, ConceptIndex, Verdict};

use super::{
    Effect, Tool, Tools,
    arguments::Arguments,
    matches::MAX_TEXT_BYTES,
    reply::{Outcome, blocking, reply},
    schema::{boolean, list, object, one_of, role, takes, text, told},
};
use crate::RoleView;

pub(super) static CONNECTED: Tool = Tool {
    name: "is_all_terms_connected_by_path",
    title: "Connect terms",
    description: "Whether one path through the graph of concepts that the notes mention together passes through all \
                  terms of a text.",
    effect: Effect::Reads,
    capabilities: &["graph", "read"],
    input: || takes(1, [("text", told("A text that mentions the terms.")), ("role", role())]),
    output: || {
        object(
            6,
            [
                ("connected", boolean()),
                ("verdict", one_of(&["connected", "not_connected", "unknown"])),
                ("terms", list(text())),
                ("path", list(text())),
                ("groups", list(list(text()))),
                ("missing", list(object(2, [("from", text()), ("to", text())]))),
            ],
        )
    },
    call: |tools, arguments| Box::pin(connected(tools, arguments)),
};

#[derive(Serialize)]
struct Link<'v> {
    from: &'v str,
    to: &'v str,
}

#[derive(Serialize)]
struct Answer<'v> {
    connected: bool,
    verdict: &'static str,
    /// The concepts that the text mentions.
    terms: Vec<&'v str>,
    path: Vec<&'v str>,
    /// The concepts by component of the graph.
    groups: Vec<Vec<&'v str>>,
    /// Edges with which there would be a path.
    missing: Vec<Link<'v>>,
}

async fn connected(tools: &Tools, arguments: Arguments<'_>) -> Outcome {
    let text = arguments.document("text", "a text that mentions the terms", MAX_TEXT_BYTES)?.to_owned();
    let view = tools.view(arguments).await?;
    blocking(move || answer(&view, &text)).await
}

fn answer(view: &RoleView, text: &str) -> Outcome {
    let mut known = HashSet::new();
    let found = view.matcher(Boundaries::Words)?.find(text).into_iter().map(|found| found.concept);
    let concepts: Vec<ConceptIndex> = found.filter(|concept| known.insert(*concept)).collect();
    let connection = view.graph().connect(&concepts);
    let names = |concepts: &[ConceptIndex]| -> Vec<&str> {
        concepts.iter().map(|concept| view.concept_name(*concept)).collect()
    };
    let link = |(from, to): &(ConceptIndex, ConceptIndex)| Link {
        from: view.concept_name(*from),
        to: view.concept_name(*to),
    };
    let answer = Answer {
        connected: connection.verdict == Verdict::Connected,
        verdict: match connection.verdict {
            Verdict::Connected => "connected",
            Verdict::NotConnected => "not_connected",
            Verdict::Unknown => "unknown",
        },
        terms: names(&concepts),
        path: names(&connection.path),
        groups: connection.groups.iter().map(|group| names(group)).collect(),
        missing: connection.missing.iter().map(link).collect(),
    };
    let told = match (connection.verdict, concepts.len()) {
        (_, 0) => "The text mentions no term of the knowledge graph.".to_owned(),
        (Verdict::Connected, 1) => format!("One term: {}.", answer.path.join("")),
        (Verdict::Connected, _) => format!("Connected: {}", answer.path.join(" - ")),
        (Verdict::NotConnected, _) => {
            let missing: Vec<_> =
                answer.missing.iter().map(|link| format!("{} - {}", link.from, link.to)).collect();
            format!("Not connected; missing: {}", missing.join(", "))
        }
        (Verdict::Unknown, _) => "The search was ended before it found a path or had tried all.".to_owned(),
    };
    reply(&answer, super::reply::excerpt(&told))
}
