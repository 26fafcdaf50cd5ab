//! `json_decode`: what `rg --json` wrote, as values.

use serde::Serialize;
use terraphim_kg::{MAX_RIPGREP_BYTES, RipgrepMessage, read_ripgrep};

use super::{
    Effect, Tool, Tools,
    arguments::Arguments,
    reply::{Outcome, Paging, blocking, listed, reply},
    schema::{count, limit, list, maybe_text, next, object, one_of, skip, takes, text, told},
};

const LIMIT: (u64, u64) = (100, 100_000);

pub(super) static DECODE: Tool = Tool {
    name: "json_decode",
    title: "Read ripgrep's lines",
    description: "Reads the JSON lines of `rg --json` into messages: begin, match, context, end, summary.",
    effect: Effect::Reads,
    capabilities: &["decode", "read"],
    input: || {
        takes(
            1,
            [
                ("jsonlines", told("The output of `rg --json`.")),
                ("limit", limit(LIMIT.0, LIMIT.1)),
                ("skip", skip()),
            ],
        )
    },
    output: || {
        let bytes = object(2, [("start", count()), ("end", count())]);
        let message = object(
            1,
            [
                ("type", one_of(&["begin", "match", "context", "end", "summary"])),
                ("path", maybe_text()),
                ("text", text()),
                ("line_number", serde_json::json!({ "type": ["integer", "null"] })),
                ("absolute_offset", count()),
                ("matches", list(object(2, [("text", text()), ("bytes", bytes)]))),
                ("matched_lines", serde_json::json!({ "type": ["integer", "null"] })),
                ("searches_with_match", serde_json::json!({ "type": ["integer", "null"] })),
            ],
        );
        object(2, [("messages", list(message)), ("total", count()), ("next", next())])
    },
    call: |tools, arguments| Box::pin(decode(tools, arguments)),
};

#[derive(Serialize)]
struct Messages {
    messages: Vec<RipgrepMessage>,
    total: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<usize>,
}

async fn decode(_: &Tools, arguments: Arguments<'_>) -> Outcome {
    let lines = arguments.document("jsonlines", "the output of `rg --json`", MAX_RIPGREP_BYTES)?.to_owned();
    let page = Paging::of(arguments, LIMIT.0, LIMIT.1)?;
    blocking(move || {
        let all = read_ripgrep(&lines)?;
        let total = all.len();
        let messages = page.cut(all);
        let matches = messages.iter().filter_map(line).collect::<Vec<_>>();
        let told = listed(format!("{} of {total} messages; matches:", messages.len()), matches.into_iter());
        let next = page.next(messages.len(), total);
        reply(&Messages { messages, total, next }, told)
    })
    .await
}

/// A match as grep writes it.
fn line(message: &RipgrepMessage) -> Option<String> {
    let RipgrepMessage::Match(found) = message else { return None };
    let path = found.path.as_deref().unwrap_or("<stdin>");
    let number = found.line_number.map(|number| format!("{number}:")).unwrap_or_default();
    let shown: String = found.text.trim_end().chars().take(200).collect();
    Some(format!("{path}:{number}{shown}"))
}
