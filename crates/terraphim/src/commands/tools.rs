//! `terraphim tools`.

use std::fmt::Write;

use serde_json::json;
use terraphim_code_execution::{LiveCatalogue, Shown};
use terraphim_mcp_codegen::{
    Asking, Detail, DocsPage, DocsQuery, Form, Found, Reason, TextForm, ToolBrief, ToolDocs, ToolHit,
    ToolQuery,
};
use terraphim_mcp_gateway::{CatalogueSnapshot, ServerState};

use crate::{
    cli::{DetailArg, Global, ToolsCommand},
    commands::{block_on, complain, print, printable, types},
    compose,
    error::{CliError, Exit, NoServer, NotFound},
    settings::Settings,
};

pub(crate) fn tools(global: &Global, command: ToolsCommand) -> Result<Exit, CliError> {
    let settings = Settings::read(global)?;
    block_on(async {
        let gateway = compose::gateway(&settings)?;
        let catalogue = LiveCatalogue::new(gateway.clone());
        let ended = match command {
            ToolsCommand::List(json) => list(catalogue.snapshot().await.as_ref(), json.json),
            ToolsCommand::Search {
                query,
                category,
                capability,
                server,
                limit,
                offset,
                explain,
                lang,
                max_tokens,
                json,
            } => {
                let query = ToolQuery {
                    query: Some(query.join(" ")),
                    category,
                    capabilities: capability,
                    server,
                    limit,
                    offset,
                    detail: Detail::Brief,
                    explain,
                    ..ToolQuery::default()
                };
                search(
                    &catalogue,
                    &query,
                    Shown { language: lang, max_tokens, form: form(json.json), asking: Asking::SHELL },
                    json.json,
                )
                .await
            }
            ToolsCommand::Docs { names, lang, detail, max_tokens, json } => {
                let detail = detail.map(|detail| match detail {
                    DetailArg::Name => Detail::Name,
                    DetailArg::Brief => Detail::Brief,
                    DetailArg::Full => Detail::Full,
                });
                let query = DocsQuery { names, language: lang, detail, max_tokens };
                show_docs(&catalogue.docs_as(&query, form(json.json), Asking::SHELL).await, json.json)
            }
            ToolsCommand::Types(args) => types::types(catalogue.snapshot().await.as_ref(), &args),
        };
        gateway.shutdown().await;
        ended
    })?
}

fn list(snapshot: &CatalogueSnapshot, as_json: bool) -> Result<Exit, CliError> {
    if as_json {
        let servers: Vec<_> = snapshot
            .servers
            .iter()
            .map(|server| {
                let (state, reason) = state(&server.state);
                let names: Vec<_> = server.tools.iter().map(|tool| tool.name.as_str()).collect();
                json!({ "server": server.name, "state": state, "reason": reason, "tools": names })
            })
            .collect();
        print(&printable(&json!({ "servers": servers }).to_string()))?;
        return Ok(Exit::Success);
    }
    let mut text = String::new();
    for server in &snapshot.servers {
        let (state, reason) = state(&server.state);
        let reason = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
        let _ = writeln!(text, "{} ({} tools, {state}{reason})", server.name, server.tools.len());
        for tool in server.tools.iter() {
            let _ = writeln!(text, "  {}.{}", server.name, tool.name);
        }
    }
    print(text.trim_end())?;
    Ok(Exit::Success)
}

fn state(state: &ServerState) -> (&'static str, Option<&str>) {
    match state {
        ServerState::Ready => ("ready", None),
        ServerState::Loading => ("loading", None),
        ServerState::Failed { reason } => ("failed", Some(reason)),
    }
}

/// As in `picture: synonym imag in name, description`.
fn reason_text(reason: &Reason) -> String {
    let Reason { word, by, found, fields } = reason;
    let how = match found {
        Found::Word => "word",
        Found::Synonym => "synonym",
        Found::Part => "part",
        Found::Compound => "compound",
        Found::Completion => "completion",
        Found::Correction => "correction",
    };
    format!("{word}: {how} {by} in {}", fields.join(", "))
}

async fn search(
    catalogue: &LiveCatalogue,
    query: &ToolQuery,
    shown: Shown,
    as_json: bool,
) -> Result<Exit, CliError> {
    let answer = catalogue.search_within(query, shown).await;
    for server in &answer.unavailable {
        let reason = server.reason.as_deref().unwrap_or("it is still being started");
        complain(&format!("warning: `{}` is not searched: {reason}", server.server));
    }
    if as_json {
        print(&printable(&serde_json::to_string(&answer).unwrap_or_default()))?;
        return Ok(if answer.unknown_server.is_some() { Exit::Failed } else { Exit::Success });
    }
    if let Some(unknown) = answer.unknown_server {
        return Err(CliError::NoServer(NoServer(unknown)));
    }
    let mut text: String = answer.tools.iter().map(|tool| render_hit(&tool.hit, &tool.marks)).collect();
    if let Some(note) = &answer.note {
        complain(&format!("note: {note}"));
    }
    for (name, facets) in [("categories", &answer.categories), ("capabilities", &answer.capabilities)] {
        let counted = facets.iter().flatten().map(|facet| format!("{} ({})", facet.name, facet.count));
        let counted: Vec<_> = counted.collect();
        if answer.tools.is_empty() && !counted.is_empty() {
            let _ = writeln!(text, "{name}: {}", counted.join(", "));
        }
    }
    if answer.tools.is_empty() && answer.total > 0 {
        complain(&format!("note: {} tools fit, none behind the first {}", answer.total, query.offset));
        return Ok(Exit::Failed);
    }
    if answer.tools.is_empty() {
        let found = format!("no tool fits: try other words, or `terraphim tools list`\n{}", text.trim_end());
        complain(found.trim_end());
        return Ok(Exit::Failed);
    }
    let shown = answer.tools.len();
    if shown < answer.total as usize {
        let next = query.offset.saturating_add(u32::try_from(shown).unwrap_or(u32::MAX));
        complain(&if next < answer.total {
            format!("{shown} of {} tools: --offset {next} shows more, --limit N as many", answer.total)
        } else {
            format!("{shown} of {} tools", answer.total)
        });
    }
    print(text.trim_end())?;
    Ok(Exit::Success)
}

fn show_docs(page: &DocsPage, as_json: bool) -> Result<Exit, CliError> {
    if as_json {
        print(&printable(&serde_json::to_string(page).unwrap_or_default()))?;
    } else {
        let mut parts: Vec<_> = page.docs.iter().map(render).collect();
        parts.extend(page.brief.iter().map(render_brief));
        parts.extend((!page.names.is_empty()).then(|| page.names.join("\n")));
        if !parts.is_empty() {
            print(parts.join("\n").trim_end())?;
        }
        if let Some(note) = &page.note {
            complain(&format!("note: {note}"));
        }
    }
    if page.unknown.is_empty() {
        return Ok(Exit::Success);
    }
    if as_json { Ok(Exit::Failed) } else { Err(CliError::NotFound(NotFound(page.unknown.clone()))) }
}

/// What the shell prints of tools, of which a budget counts the tokens.
const TEXT: TextForm = TextForm { docs: render, brief: render_brief, hit: render_hit };

/// Longest result that is told beside the declaration, in bytes.
const SHORT: usize = 100;

fn form(as_json: bool) -> Form {
    if as_json { Form::Json } else { Form::Text(TEXT) }
}

/// A tool's name with its marks, as in `notes.delete (destroys, denied by policy)`.
fn heading(name: &str, marks: &[String]) -> String {
    if marks.is_empty() { format!("{name}\n") } else { format!("{name} ({})\n", marks.join(", ")) }
}

fn render(docs: &ToolDocs) -> String {
    let mut text = heading(&docs.name, &docs.marks);
    for line in docs.description.iter().flat_map(|text| text.lines()) {
        let _ = writeln!(text, "{}", format!("  {line}").trim_end());
    }
    if let Some(denied) = &docs.denied {
        let _ = writeln!(text, "  {denied}");
    }
    text.push('\n');
    for line in docs.declaration.lines() {
        let _ = writeln!(text, "  {line}");
    }
    text.push('\n');
    // A longer one stands in the declaration, over several lines.
    let note = docs.result_note().map(|note| format!(" ({note})")).unwrap_or_default();
    if docs.result.len() <= SHORT || !note.is_empty() {
        let _ = writeln!(text, "  result: {}{note}", docs.result);
    }
    if let Some(example) = &docs.example {
        let _ = writeln!(text, "  example: {example}");
    }
    for error in &docs.errors_seen {
        let _ = writeln!(text, "  error seen: {error}");
    }
    text
}

fn render_brief(brief: &ToolBrief) -> String {
    let description = brief.description.as_deref().map(|text| format!("  {text}\n")).unwrap_or_default();
    format!("{}  {}\n{description}", heading(&brief.name, &brief.marks), brief.signature)
}

fn render_hit(tool: &ToolHit, marks: &[String]) -> String {
    let mut text = heading(&tool.name, marks);
    for line in [tool.description.as_deref(), tool.signature.as_deref()].into_iter().flatten() {
        let _ = writeln!(text, "    {line}");
    }
    if !tool.also.is_empty() {
        let _ = writeln!(text, "    nearly the same: {}", tool.also.join(", "));
    }
    for reason in &tool.reasons {
        let _ = writeln!(text, "    {}", reason_text(reason));
    }
    text
}
