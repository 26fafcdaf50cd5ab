//! `search_tools` and `get_tool_docs`: answers of the live catalogue, cut to a
//! budget, as structured content and as a compact text for a model.

use std::fmt::Write;

use rmcp::model::{CallToolResult, ContentBlock};
use serde::Serialize;
use serde_json::json;
use terraphim_code_execution::{FoundTool, LiveCatalogue, LoadState, SearchAnswer, Shown, UnavailableServer};
use terraphim_mcp_codegen::{
    Asking, Detail, DocsPage, DocsQuery, Facet, Form, ParameterDocs, TextForm, ToolBrief, ToolDocs, ToolHit,
    ToolQuery, bounded,
};
use terraphim_mcp_gateway::ServerState;
use terraphim_types::Language;

use crate::{
    arguments::{ArgumentError, Arguments, did_you_mean},
    definitions::{GET_TOOL_DOCS, SEARCH_TOOLS},
};

/// What an answer may take where nothing is said, in tokens.
const MAX_TOKENS: u32 = 6_000;

/// Most categories and capabilities of an answer.
const MAX_FACETS: usize = 100;

/// Most servers that an answer names as unavailable, and the longest reason, in characters.
const MAX_UNAVAILABLE: usize = 20;
const MAX_REASON_CHARS: usize = 300;

/// Most unknown names of an answer.
const MAX_UNKNOWN: usize = 50;

pub(crate) const LANGUAGES: &[(&str, Language)] = &[
    ("typescript", Language::TypeScript),
    ("javascript", Language::JavaScript),
    ("python", Language::Python),
    ("bash", Language::Bash),
    ("rust", Language::Rust),
    ("node", Language::Node),
    ("ts", Language::TypeScript),
    ("js", Language::JavaScript),
    ("py", Language::Python),
    ("sh", Language::Bash),
    ("rs", Language::Rust),
];

const DETAILS: &[(&str, Detail)] =
    &[("name", Detail::Name), ("brief", Detail::Brief), ("full", Detail::Full)];

/// How the texts of a language are written.
trait Tongue {
    /// What a comment begins with.
    const COMMENT: &'static str;
    /// The line that imports a server under the name that a program uses; empty where there is none.
    fn import(name: &str) -> String;
}

struct Script;
struct Python;
struct Shell;
struct Rust;

impl Tongue for Script {
    const COMMENT: &'static str = "//";
    fn import(name: &str) -> String {
        format!("import {{ {name} }} from 'mcp-servers'")
    }
}

impl Tongue for Python {
    const COMMENT: &'static str = "#";
    fn import(name: &str) -> String {
        format!("from mcp_servers import {name}")
    }
}

impl Tongue for Shell {
    const COMMENT: &'static str = "#";
    fn import(_: &str) -> String {
        String::new()
    }
}

impl Tongue for Rust {
    const COMMENT: &'static str = "//";
    fn import(name: &str) -> String {
        format!("use mcp_servers::{name};")
    }
}

/// The texts that stand beside the structured content; clients show a model one of both.
fn text_form(language: Language) -> TextForm {
    fn of<T: Tongue>() -> TextForm {
        TextForm { docs: tool_text::<T>, brief: brief_text::<T>, hit: hit_text::<T> }
    }
    match language {
        Language::TypeScript | Language::JavaScript | Language::Node => of::<Script>(),
        Language::Python => of::<Python>(),
        Language::Bash => of::<Shell>(),
        Language::Rust => of::<Rust>(),
    }
}

/// Reads the arguments of `search_tools`.
pub(crate) fn query(
    values: serde_json::Map<String, serde_json::Value>,
) -> Result<(ToolQuery, Shown), ArgumentError> {
    let known = &["query", "category", "capabilities", "server", "detail", "limit", "language", "max_tokens"];
    let mut arguments = Arguments::new(SEARCH_TOOLS, known, values)?;
    let default = ToolQuery::default();
    let language = arguments.choice("language", LANGUAGES)?.unwrap_or_default();
    let max_tokens = Some(max_tokens(&mut arguments)?);
    let shown = Shown { language, max_tokens, form: Form::Both(text_form(language)), ..Shown::default() };
    let query = ToolQuery {
        query: arguments.text("query")?,
        category: arguments.text("category")?,
        capabilities: arguments.texts("capabilities")?.unwrap_or_default(),
        server: arguments.text("server")?,
        detail: arguments.choice("detail", DETAILS)?.unwrap_or_default(),
        limit: arguments
            .integer("limit", 1..=100)?
            .and_then(|limit| limit.try_into().ok())
            .unwrap_or(default.limit),
        ..default
    };
    Ok((query, shown))
}

/// Reads the arguments of `get_tool_docs`.
pub(crate) fn names(values: serde_json::Map<String, serde_json::Value>) -> Result<DocsQuery, ArgumentError> {
    let known = &["names", "language", "detail", "max_tokens"];
    let mut arguments = Arguments::new(GET_TOOL_DOCS, known, values)?;
    let names = arguments.required_texts("names", "a list such as [\"server.tool\"]")?;
    Ok(DocsQuery {
        names,
        language: arguments.choice("language", LANGUAGES)?.unwrap_or_default(),
        detail: arguments.choice("detail", DETAILS)?,
        max_tokens: Some(max_tokens(&mut arguments)?),
    })
}

fn max_tokens(arguments: &mut Arguments) -> Result<u32, ArgumentError> {
    let given = arguments.integer("max_tokens", 100..=100_000)?;
    Ok(given.and_then(|tokens| tokens.try_into().ok()).unwrap_or(MAX_TOKENS))
}

/// A page of docs as it leaves the face.
#[derive(Serialize)]
struct DocsShown {
    #[serde(flatten)]
    page: DocsPage,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unavailable: Vec<UnavailableServer>,
}

/// Answers `search_tools`; the text stands also beside it.
pub(crate) async fn search(
    catalogue: &LiveCatalogue,
    query: &ToolQuery,
    shown_as: Shown,
) -> (CallToolResult, String) {
    let mut answer = catalogue.search_within(query, shown_as).await;
    for facets in [&mut answer.categories, &mut answer.capabilities].into_iter().flatten() {
        facets.truncate(MAX_FACETS);
    }
    answer.unavailable = shown(answer.unavailable);
    let text = search_text(query, &answer, text_form(shown_as.language));
    answered(&answer, text)
}

/// Answers `get_tool_docs`; the text stands also beside it.
pub(crate) async fn docs(catalogue: &LiveCatalogue, query: &DocsQuery) -> (CallToolResult, String) {
    let form = text_form(query.language);
    let mut page = catalogue.docs_as(query, Form::Both(form), Asking::default()).await;
    page.unknown.truncate(MAX_UNKNOWN);
    let unavailable = if page.unknown.is_empty() { Vec::new() } else { unavailable(catalogue).await };
    let text = docs_text(&page, &unavailable, form);
    answered(&DocsShown { page, unavailable }, text)
}

fn answered(structured: &impl Serialize, text: String) -> (CallToolResult, String) {
    let mut answer = CallToolResult::success(vec![ContentBlock::text(text.clone())]);
    answer.structured_content = Some(json!(structured));
    (answer, text)
}

async fn unavailable(catalogue: &LiveCatalogue) -> Vec<UnavailableServer> {
    let snapshot = catalogue.known().await;
    let missing = snapshot.servers.iter().filter_map(|server| {
        let (state, reason) = match &server.state {
            ServerState::Ready => return None,
            ServerState::Loading => (LoadState::Loading, None),
            ServerState::Failed { reason } => (LoadState::Failed, Some(reason.clone())),
        };
        Some(UnavailableServer { server: server.name.clone(), state, reason })
    });
    shown(missing.collect())
}

fn shown(mut servers: Vec<UnavailableServer>) -> Vec<UnavailableServer> {
    servers.truncate(MAX_UNAVAILABLE);
    for server in &mut servers {
        server.reason = server.reason.as_deref().map(|reason| bounded::one_line(reason, MAX_REASON_CHARS));
    }
    servers
}

fn search_text(query: &ToolQuery, answer: &SearchAnswer, form: TextForm) -> String {
    if let Some(unknown) = &answer.unknown_server {
        let near = did_you_mean(&unknown.nearest);
        let near = if near.is_empty() { "; search without `server`" } else { &near };
        return format!("there is no server `{}`{near}", unknown.name);
    }
    let mut text = match (answer.tools.len(), &answer.categories) {
        (0, Some(_)) if is_overview(query) => format!("{} tools are connected", answer.total),
        (0, Some(_)) => "no tool fits: use other words, or one of these".to_owned(),
        (count, _) if is_blank(&query.query) => format!("{count} of {} tools, by name", answer.total),
        (count, _) => format!("{count} of {} tools, the best first", answer.total),
    };
    for (name, facets) in [("categories", &answer.categories), ("capabilities", &answer.capabilities)] {
        if let Some(facets) = facets {
            push(&mut text, &format!("{name}: {}", facet_list(facets)));
        }
    }
    for FoundTool { hit, marks } in &answer.tools {
        push(&mut text, &(form.hit)(hit, marks));
    }
    if let Some(note) = &answer.note {
        push(&mut text, note);
    }
    push_unavailable(&mut text, &answer.unavailable);
    text
}

/// Whether nothing was asked, so that categories are the answer.
fn is_overview(query: &ToolQuery) -> bool {
    let ToolQuery { query, category, capabilities, server, .. } = query;
    capabilities.is_empty() && [query, category, server].into_iter().all(is_blank)
}

fn is_blank(text: &Option<String>) -> bool {
    text.as_deref().is_none_or(|text| text.trim().is_empty())
}

fn facet_list(facets: &[Facet]) -> String {
    facets.iter().map(|facet| format!("{} {}", facet.name, facet.count)).collect::<Vec<_>>().join(", ")
}

/// A tool's name with its marks, as in `notes.delete (destroys, denied by policy)`.
fn heading(name: &str, marks: &[String]) -> String {
    if marks.is_empty() { name.to_owned() } else { format!("{name} ({})", marks.join(", ")) }
}

fn hit_text<T: Tongue>(hit: &ToolHit, marks: &[String]) -> String {
    let mut text = heading(&hit.name, marks);
    if let Some(import) = &hit.import {
        push_import::<T>(&mut text, "  ", import);
    }
    if let Some(description) = &hit.description {
        text = format!("{text}: {}", description.replace('\n', "\n  "));
    }
    if let Some(signature) = &hit.signature {
        push(&mut text, &format!("  {signature}"));
    }
    if !hit.also.is_empty() {
        push(&mut text, &format!("  nearly the same: {}", hit.also.join(", ")));
    }
    let mut facts: Vec<&str> = hit.category.iter().map(String::as_str).collect();
    facts.extend(hit.capabilities.iter().flatten().map(String::as_str));
    if !facts.is_empty() {
        push(&mut text, &format!("  {}", facts.join(", ")));
    }
    for parameter in hit.parameters.iter().flatten() {
        push(&mut text, &format!("  - {}", parameter_text(parameter)));
    }
    if let Some(result) = &hit.result {
        push(&mut text, &format!("  gives {result}"));
    }
    if let Some(example) = &hit.example {
        push(&mut text, &format!("  {}", example.replace('\n', "\n  ")));
    }
    text
}

fn parameter_text(parameter: &ParameterDocs) -> String {
    let ParameterDocs { name, ty, required, description, .. } = parameter;
    let optional = if *required { "" } else { "?" };
    let description = description.as_ref().map(|text| format!(": {text}")).unwrap_or_default();
    format!("{name}{optional}: {ty}{description}")
}

fn docs_text(page: &DocsPage, unavailable: &[UnavailableServer], form: TextForm) -> String {
    let mut text = String::new();
    for docs in &page.docs {
        push(&mut text, &(form.docs)(docs));
    }
    for brief in &page.brief {
        push(&mut text, &(form.brief)(brief));
    }
    if !page.names.is_empty() {
        push(&mut text, &format!("by name: {}", page.names.join(", ")));
    }
    for unknown in &page.unknown {
        push(&mut text, &format!("there is no tool `{}`{}", unknown.name, did_you_mean(&unknown.nearest)));
    }
    if let Some(note) = &page.note {
        push(&mut text, note);
    }
    push_unavailable(&mut text, unavailable);
    if text.is_empty() { "no names were given".to_owned() } else { text }
}

fn tool_text<T: Tongue>(docs: &ToolDocs) -> String {
    let mut text = format!("{} {}", T::COMMENT, heading(&docs.name, &docs.marks));
    if let Some(denied) = &docs.denied {
        push(&mut text, &format!("{} {denied}", T::COMMENT));
    }
    if let Some(import) = &docs.import {
        push_import::<T>(&mut text, "", import);
    }
    for line in docs.description.iter().flat_map(|description| description.lines()) {
        push(&mut text, &format!("{} {line}", T::COMMENT));
    }
    push(&mut text, docs.declaration.trim_end());
    if let Some(count) = docs.inferred_from {
        push(
            &mut text,
            &format!(
                "{} result: {} (inferred from {count} results; not declared by the server)",
                T::COMMENT,
                docs.result
            ),
        );
    }
    if let Some(example) = &docs.example {
        push(&mut text, &format!("{} example\n{example}", T::COMMENT));
    }
    for error in &docs.errors_seen {
        push(&mut text, &format!("{} error seen: {error}", T::COMMENT));
    }
    text
}

fn brief_text<T: Tongue>(brief: &ToolBrief) -> String {
    let mut text = heading(&brief.name, &brief.marks);
    if let Some(description) = &brief.description {
        text = format!("{text}: {description}");
    }
    if let Some(import) = &brief.import {
        push_import::<T>(&mut text, "  ", import);
    }
    push(&mut text, &format!("  {}", brief.signature));
    text
}

fn push_import<T: Tongue>(text: &mut String, margin: &str, name: &str) {
    let line = T::import(name);
    if !line.is_empty() {
        push(text, &format!("{margin}{line}"));
    }
}

fn push_unavailable(text: &mut String, servers: &[UnavailableServer]) {
    for server in servers {
        let name = bounded::one_line(server.server.as_str(), 80);
        let line = match server.state {
            LoadState::Loading => format!("server {name} is still being started: ask again in a few seconds"),
            LoadState::Failed => {
                let reason = server.reason.as_deref().unwrap_or("no reason is known");
                format!("server {name} cannot be used: {reason}")
            }
        };
        push(text, &line);
    }
}

/// Adds a line.
fn push(text: &mut String, line: &str) {
    let separator = if text.is_empty() { "" } else { "\n" };
    // Writing to a string cannot fail.
    let _ = write!(text, "{separator}{line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unavailable_servers_are_named_with_their_reason() {
        let server = |state, reason: Option<&str>| UnavailableServer {
            server: terraphim_types::ServerName::new("github").unwrap(),
            state,
            reason: reason.map(str::to_owned),
        };
        let long = format!("no such file\n{}", "x".repeat(1 << 20));
        let servers = shown(vec![server(LoadState::Loading, None), server(LoadState::Failed, Some(&long))]);
        let mut text = String::new();
        push_unavailable(&mut text, &servers);
        assert!(text.starts_with("server github is still being started"), "{text}");
        assert!(
            text.contains("server github cannot be used: no such file xxx") && text.len() < 500,
            "{text}"
        );
    }
}
