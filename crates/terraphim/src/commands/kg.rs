//! `terraphim kg`: the tools of the built-in server from a shell.

use std::{
    fmt::Write,
    fs,
    io::{self, Read},
    path::Path,
    time::Duration,
};

use serde_json::{Map, Value, json};
use terraphim_mcp_gateway::{CallContext, GatewayError, Provider};
use terraphim_notes::{IndexStatus, NotesServer};
use tokio::time::{MissedTickBehavior, interval};

use crate::{
    cli::{Global, KgCommand},
    commands::{block_on, complain, print, print_document, printable},
    compose,
    error::{CliError, Exit},
    settings::Settings,
};

/// Longest text that is read, in bytes.
const MAX_TEXT_BYTES: u64 = 8 << 20;

/// Between two words on the progress of an index.
const TOLD_EVERY: Duration = Duration::from_secs(1);

pub(crate) fn kg(global: &Global, command: KgCommand) -> Result<Exit, CliError> {
    let settings = Settings::read(global)?;
    block_on(async {
        let notes = compose::notes(&settings)?;
        answer(&notes, command).await
    })?
}

async fn answer(notes: &NotesServer, command: KgCommand) -> Result<Exit, CliError> {
    match command {
        KgCommand::Index(json) => index(notes, json.json).await,
        KgCommand::Search { query, limit, skip, explain, body, json } => {
            let arguments = json!({ "query": query, "limit": limit, "skip": skip, "explain": explain, "include_body": body });
            show(notes, "search", arguments, json.json, documents).await
        }
        KgCommand::Complete { text, fuzzy, limit, json } => {
            let tool = if fuzzy { "fuzzy_autocomplete_search" } else { "autocomplete_terms" };
            show(notes, tool, json!({ "query": text, "limit": limit }), json.json, suggestions).await
        }
        KgCommand::Match { file, once, limit, json } => {
            let arguments = json!({ "text": text(&file)?, "return_positions": !once, "limit": limit });
            show(notes, "find_matches", arguments, json.json, matches).await
        }
        KgCommand::Replace { file, link, json } => {
            let arguments = json!({ "text": text(&file)?, "link_type": link.name() });
            show(notes, "replace_matches", arguments, json.json, replaced).await
        }
        KgCommand::Paragraphs { file, without_terms, limit, json } => {
            let arguments = json!({ "text": text(&file)?, "include_term": !without_terms, "limit": limit });
            show(notes, "extract_paragraphs_from_automata", arguments, json.json, paragraphs).await
        }
        KgCommand::Path { terms, json } => {
            // On lines of their own, so that no term grows together with the next.
            let arguments = json!({ "text": terms.join("\n") });
            show(notes, "is_all_terms_connected_by_path", arguments, json.json, path).await
        }
    }
}

/// What a person reads, and whether it is what was asked for.
struct Shown {
    text: String,
    exit: Exit,
    /// Whether it is a document, which a file gets as it is.
    document: bool,
}

impl Shown {
    fn found(text: String) -> Self {
        Self { text, exit: Exit::Success, document: false }
    }

    /// Nothing was found: an exit code that a script can ask for.
    fn nothing(what: &str) -> Self {
        complain(what);
        Self { text: String::new(), exit: Exit::Failed, document: false }
    }
}

/// Calls a tool and shows what it gives.
async fn show(
    notes: &NotesServer,
    tool: &'static str,
    arguments: Value,
    as_json: bool,
    human: fn(&Value) -> Shown,
) -> Result<Exit, CliError> {
    let arguments: Map<String, Value> = match arguments {
        Value::Object(map) => map.into_iter().filter(|(_, value)| !value.is_null()).collect(),
        _ => Map::new(),
    };
    let reply = notes.call_tool(tool, arguments, CallContext::default()).await.map_err(GatewayError::from)?;
    let message = reply.text();
    let Some(structured) = reply.structured_content.filter(|_| !reply.is_error) else {
        return Err(CliError::Notes { message });
    };
    if as_json {
        print(&printable(structured.get()))?;
        return Ok(Exit::Success);
    }
    let value = structured.to_value().map_err(|error| CliError::Notes { message: error.to_string() })?;
    let shown = human(&value);
    if shown.document {
        print_document(&shown.text)?;
    } else if !shown.text.is_empty() {
        print(shown.text.trim_end_matches('\n'))?;
    }
    Ok(shown.exit)
}

/// Reads a text; `-` is standard input.
fn text(file: &Path) -> Result<String, CliError> {
    let failed = |source| CliError::Read { path: file.to_owned(), source };
    let mut bytes = Vec::new();
    let read = if file == Path::new("-") {
        io::stdin().lock().take(MAX_TEXT_BYTES + 1).read_to_end(&mut bytes)
    } else {
        fs::File::open(file).and_then(|opened| opened.take(MAX_TEXT_BYTES + 1).read_to_end(&mut bytes))
    };
    if read.map_err(failed)? as u64 > MAX_TEXT_BYTES {
        return Err(failed(io::Error::other(format!("it has more than {} MiB", MAX_TEXT_BYTES >> 20))));
    }
    String::from_utf8(bytes).map_err(|_| CliError::TextNotUtf8 { path: file.to_owned() })
}

async fn index(notes: &NotesServer, as_json: bool) -> Result<Exit, CliError> {
    let library = notes.library();
    let refreshed = library.refresh(None);
    tokio::pin!(refreshed);
    let mut ticks = interval(TOLD_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks.tick().await;
    let status = loop {
        tokio::select! {
            biased;
            status = &mut refreshed => break status,
            _ = ticks.tick() => {
                if let Ok(progress) = library.progress(None).as_ref() && progress.total > 0 {
                    complain(&format!("read {} of {} files", progress.done, progress.total));
                }
            }
        }
    };
    let status = status.map_err(|error| CliError::Notes { message: error.to_string() })?;
    let name = library.role(None).map_or_else(|_| status.role.clone(), |role| role.name.clone());
    if as_json {
        let text = serde_json::to_string(&status);
        print(&printable(&text.map_err(|error| CliError::Notes { message: error.to_string() })?))?;
    } else {
        print(&status_text(&name, &status))?;
    }
    Ok(Exit::Success)
}

fn status_text(name: &str, status: &IndexStatus) -> String {
    let mut text = format!("{name} ({}): {} notes", status.role, status.documents);
    if !status.skipped.is_empty() {
        let _ = write!(text, ", {} files left out:", status.skipped.len());
    }
    for skipped in &status.skipped {
        let _ = write!(text, "\n  {}: {}", skipped.path, skipped.reason);
    }
    if let Some(problem) = &status.problem {
        complain(&format!("warning: this may be out of date: {problem}"));
    }
    text
}

fn word<'v>(value: &'v Value, name: &str) -> &'v str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn each<'v>(value: &'v Value, name: &str) -> &'v [Value] {
    value.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn documents(value: &Value) -> Shown {
    let mut text = String::new();
    for document in each(value, "documents") {
        let rank = document.get("rank").and_then(Value::as_f64).unwrap_or_default();
        let _ = writeln!(text, "{rank:.2}  {}  {}", word(document, "title"), word(document, "url"));
        let _ = writeln!(text, "      {}", word(document, "snippet"));
        for part in document.get("explain").map(|explain| each(explain, "parts")).unwrap_or_default() {
            let score = part.get("score").and_then(Value::as_f64).unwrap_or_default();
            let _ = writeln!(text, "      {score:.3}  {} `{}`", word(part, "kind"), word(part, "text"));
        }
        if let Some(body) = document.get("body").and_then(Value::as_str) {
            let _ = writeln!(text, "\n{}\n", body.trim_end());
        }
    }
    let total = value.get("total").and_then(Value::as_u64).unwrap_or_default();
    if text.is_empty() {
        return Shown::nothing(if total == 0 {
            "no note fits: try other words"
        } else {
            "no note after these"
        });
    }
    Shown::found(text)
}

fn suggestions(value: &Value) -> Shown {
    let mut text = String::new();
    for found in each(value, "suggestions") {
        let _ = match (word(found, "term"), word(found, "concept")) {
            (term, concept) if term == concept => writeln!(text, "{term}"),
            (term, concept) => writeln!(text, "{term}  -> {concept}"),
        };
    }
    if text.is_empty() { Shown::nothing("no term fits") } else { Shown::found(text) }
}

fn matches(value: &Value) -> Shown {
    let mut text = String::new();
    for found in each(value, "matches") {
        let number = |value: Option<&Value>| value.and_then(Value::as_u64);
        let place = match (number(found.pointer("/chars/start")), number(found.get("count"))) {
            (Some(start), _) => format!("{start:>7}"),
            (None, Some(count)) => format!("{count:>6}x"),
            (None, None) => String::new(),
        };
        let _ = writeln!(text, "{place}  {}  -> {}", word(found, "term"), word(found, "concept"));
    }
    if let Some(more) = value.get("next").and_then(Value::as_u64) {
        complain(&format!(
            "the first {more} of {}: more with --limit",
            value.get("total").unwrap_or(&Value::Null)
        ));
    }
    if text.is_empty() {
        Shown::nothing("no term of the knowledge graph is in the text")
    } else {
        Shown::found(text)
    }
}

fn replaced(value: &Value) -> Shown {
    let left = value.get("left").and_then(Value::as_u64).unwrap_or_default();
    if left > 0 {
        complain(&format!(
            "{left} terms were left: their concepts have no address, or no link can stand there"
        ));
    }
    Shown { document: true, ..Shown::found(word(value, "text").to_owned()) }
}

fn paragraphs(value: &Value) -> Shown {
    let shown: Vec<_> = each(value, "paragraphs").iter().map(|paragraph| word(paragraph, "text")).collect();
    if let Some(more) = value.get("next").and_then(Value::as_u64) {
        complain(&format!(
            "the first {more} of {}: more with --limit",
            value.get("total").unwrap_or(&Value::Null)
        ));
    }
    if shown.is_empty() {
        return Shown::nothing("no paragraph mentions a term of the knowledge graph");
    }
    Shown::found(shown.join("\n\n"))
}

fn path(value: &Value) -> Shown {
    let names = |list: &[Value]| list.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" - ");
    match word(value, "verdict") {
        _ if each(value, "terms").is_empty() => {
            Shown::nothing("none of these is a term of the knowledge graph")
        }
        "connected" => Shown::found(names(each(value, "path"))),
        "not_connected" => {
            let mut text = String::from("not connected; there would be a path with:");
            for link in each(value, "missing") {
                let _ = write!(text, "\n  {} - {}", word(link, "from"), word(link, "to"));
            }
            Shown { text, exit: Exit::Failed, document: false }
        }
        _ => Shown::nothing("not known: the search was ended before it found a path or had tried all"),
    }
}
