//! The docs of named tools: all that is needed to write a call, or less where
//! less is asked for or there is no room.

mod form;
mod levels;
mod tokens;

pub use form::{Asking, DocsContext, Form, Standing, Stands, TextForm, effect};
pub use levels::Fitted;
pub use tokens::tokens_at_most;

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use terraphim_types::{Language, ToolDefinition};

use crate::{
    bash, bounded,
    discovery::{Detail, DiscoveryIndex, Entry, ToolPage},
    distance::nearest,
    example::example_call,
    naming::ServerModule,
    python,
    result::inferred_from,
    rust,
    schema::{Bounds, Notes, Property, Schema, Type},
    typescript::{arguments_type, inline, result_inline, signature_as, tool_declaration},
};

/// Most tools in one answer, where its caller does not say.
const MAX_TOOLS: usize = 50;
/// Most tools of servers that are asked for by their names.
const MAX_SERVER_TOOLS: usize = 100;
/// Longest description of a tool, in characters.
const MAX_DESCRIPTION_CHARS: usize = 2_000;
/// Longest type and longest description of a parameter, in characters.
const MAX_PARAMETER_CHARS: usize = 240;
/// Longest type of a result on one line, in characters.
const MAX_RESULT_CHARS: usize = 400;
/// Longest error of a tool, in characters.
const MAX_FAILURE_CHARS: usize = 160;
/// Sum of the declarations of one answer, in bytes.
const DECLARATIONS_BYTES: usize = 24 << 10;

/// The docs of the tools that were asked for.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct DocsPage {
    /// The known ones, in the order asked.
    pub docs: Vec<ToolDocs>,
    /// Those that follow, on two lines each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub brief: Vec<ToolBrief>,
    /// The names of those that follow.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// Names that no tool has.
    pub unknown: Vec<UnknownTool>,
    /// How many tools had no room, and how many were not looked at, as one answer looks at 50 names
    /// and at 100 tools of servers that are asked for by name.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub omitted: usize,
    /// What was left out, and how to get it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// What is asked about named tools.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DocsQuery {
    /// Names as for [`docs`].
    pub names: Vec<String>,
    /// Whose signatures, types and examples are shown.
    pub language: Language,
    /// How much is told at most of each tool. Without it all, of tools that are asked for by the
    /// name of their server in brief.
    pub detail: Option<Detail>,
    /// What the answer may take, in tokens by [`tokens_at_most`]; without it
    /// all is told that was asked for.
    pub max_tokens: Option<u32>,
}

/// How one tool is called, in brief.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolBrief {
    /// `server.tool`.
    pub name: String,
    /// What a program imports, where that is not the server's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import: Option<String>,
    /// What the tool does, in a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The call on one line.
    pub signature: String,
    /// What a call does beside reading, and whether it is denied.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub marks: Vec<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// How one tool is called.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ToolDocs {
    /// `server.tool`.
    pub name: String,
    /// What a program imports, where that is not the server's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import: Option<String>,
    /// The call on one line.
    pub signature: String,
    /// What the tool does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What a call does beside reading, and whether it is denied.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub marks: Vec<String>,
    /// Where a call is denied: by what, and which setting allows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub denied: Option<String>,
    /// Its parameters.
    pub parameters: Vec<ParameterDocs>,
    /// The type of what a call gives.
    pub result: String,
    /// How many results the result type was made from, where the server declares none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inferred_from: Option<u64>,
    /// What calls of it have failed with, the last first, without values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors_seen: Vec<String>,
    /// A call that is valid against the schema, where a short one could be made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub example: Option<String>,
    /// The types in full.
    pub declaration: String,
}

impl ToolDocs {
    /// Where the result's type is a guess: how it came about, in words.
    pub fn result_note(&self) -> Option<String> {
        self.inferred_from.map(inferred_from)
    }
}

/// One parameter of a tool.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ParameterDocs {
    /// Its name.
    pub name: String,
    /// Its type, on one line.
    #[serde(rename = "type")]
    pub ty: String,
    /// Whether a call must give it.
    pub required: bool,
    /// What it means, with its limits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The name under which it is sent, where a program in this language writes another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_as: Option<String>,
    /// What the tool takes where it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Value>,
}

/// A name that no tool has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnknownTool {
    /// The name that was asked for.
    pub name: String,
    /// Up to three names that are most like it.
    pub nearest: Vec<String>,
}

/// The docs of the named tools, as a program in `language` calls them. A name
/// is `server.tool`, with the names of the server or those that a program
/// uses; a tool's own name suffices where only one tool has it. The name of a
/// server stands for its tools, which are told in brief.
pub fn docs(index: &DiscoveryIndex, names: &[String], language: Language) -> DocsPage {
    let query = DocsQuery { names: names.to_vec(), language, ..DocsQuery::default() };
    docs_of(index, &query, &DocsContext::default()).0
}

/// What an answer did not look at, as it would be too long.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Beyond {
    names: usize,
    /// Tools of servers that are asked for by name.
    tools: usize,
}

fn docs_of(index: &DiscoveryIndex, query: &DocsQuery, context: &DocsContext<'_>) -> (DocsPage, Beyond) {
    let (names, most) = (&query.names, context.asking.names);
    let mut page = DocsPage::default();
    let mut beyond = Beyond { names: names.len().saturating_sub(most), tools: 0 };
    let asked = names.len().clamp(1, MAX_TOOLS);
    let bytes = DECLARATIONS_BYTES / asked;
    let mut told = HashSet::new();
    let mut of_servers = 0;
    for name in names.iter().take(most) {
        let name = name.trim();
        let is_it = |module: &&ServerModule| module.server.as_str() == name || module.identifier == name;
        let known = index.entry(name).and_then(|entry| tool_docs(&entry, query.language, bytes, context));
        match (known, index.modules().find(is_it)) {
            (Some(docs), _) => {
                if told.insert(docs.name.clone()) {
                    page.docs.push(docs);
                }
            }
            (None, Some(module)) => {
                let room = MAX_SERVER_TOOLS.saturating_sub(of_servers);
                beyond.tools += module.tools.len().saturating_sub(room);
                of_servers += module.tools.len().min(room);
                for docs in of_server(index, module, query, context).take(room) {
                    if !told.insert(docs.name.clone()) {
                        continue;
                    }
                    match query.detail {
                        Some(Detail::Full) => page.docs.push(docs),
                        _ => page.brief.push(docs.brief()),
                    }
                }
            }
            (None, None) => page.unknown.push(UnknownTool {
                name: bounded::one_line(name, 120),
                nearest: nearest(name, index.names().chain(index.modules().map(|it| it.server.as_str()))),
            }),
        }
    }
    page.omitted = beyond.names + beyond.tools;
    (page, beyond)
}

/// The tools of a server.
fn of_server<'a>(
    index: &'a DiscoveryIndex,
    module: &'a ServerModule,
    query: &'a DocsQuery,
    context: &'a DocsContext<'_>,
) -> impl Iterator<Item = ToolDocs> + 'a {
    // Only what is told in full has its declaration.
    let is_full = query.detail == Some(Detail::Full);
    let bytes = if is_full { DECLARATIONS_BYTES / module.tools.len().clamp(1, MAX_TOOLS) } else { 0 };
    module.tools.iter().filter_map(move |named| {
        let entry = index.entry(&format!("{}.{}", module.server, named.name))?;
        tool_docs(&entry, query.language, bytes, context)
    })
}

/// The same at a level of detail and within a number of tokens: the first tools
/// at that level, the next at lower ones, down to their names.
pub fn docs_within(index: &DiscoveryIndex, query: &DocsQuery) -> DocsPage {
    docs_with(index, query, &DocsContext::default())
}

/// The same with what the caller knows of the tools, counted as the caller writes it out.
pub fn docs_with(index: &DiscoveryIndex, query: &DocsQuery, context: &DocsContext<'_>) -> DocsPage {
    let (mut page, beyond) = docs_of(index, query, context);
    page.fit(query, context, beyond);
    page
}

/// Shows the tools of a page as a program in `language` calls them.
pub fn show_in(index: &DiscoveryIndex, page: &mut ToolPage, language: Language) {
    if matches!(language, Language::TypeScript | Language::JavaScript | Language::Node) {
        return;
    }
    for hit in &mut page.tools {
        let shown = index.entry(&hit.name);
        let shown = shown.and_then(|entry| shown_in(&entry, language, DECLARATIONS_BYTES / MAX_TOOLS));
        let Some(shown) = shown else { continue };
        hit.signature = hit.signature.as_ref().map(|_| shown.signature);
        // Only full answers have a result and an example.
        if hit.result.is_some() {
            hit.parameters = Some(shown.parameters);
            hit.result = Some(shown.result);
            hit.example = shown.example;
        }
    }
}

/// A tool as one language shows it.
struct Shown {
    signature: String,
    example: Option<String>,
    declaration: String,
    parameters: Vec<ParameterDocs>,
    result: String,
}

fn shown_in(entry: &Entry<'_>, language: Language, bytes: usize) -> Option<Shown> {
    let (module, named, tool) = entry.parts();
    let identifier = named.identifiers.first()?;
    Some(match language {
        // JavaScript calls are the same; their types are read, not run.
        Language::TypeScript | Language::JavaScript | Language::Node => Shown {
            signature: signature_as(identifier, tool),
            example: example_call(module, named, tool),
            declaration: tool_declaration(tool, named, bytes),
            parameters: parameters(tool),
            result: result_inline(tool, MAX_RESULT_CHARS),
        },
        Language::Python => {
            let python::Shown { signature, declaration, parameters, result } =
                python::shown(named, tool, bytes);
            let example = python::example_call(module, named, tool);
            Shown { signature, example, declaration, parameters, result }
        }
        Language::Bash => bash_shown(entry.qualified, tool, bytes),
        Language::Rust => {
            let rust::Shown { signature, example, result: declared, declaration, parameters } =
                rust::shown(entry, bytes);
            let is_observed = tool.output_schema.is_none() && tool.observed.is_some();
            let result =
                if is_observed { format!("{declared} like {}", bash::result(tool)) } else { declared };
            Shown { signature, example, declaration, parameters, result }
        }
    })
}

fn bash_shown(qualified: &str, tool: &ToolDefinition, bytes: usize) -> Shown {
    let signature = |parameters: &[ParameterDocs]| bash::signature(qualified, parameters);
    let bash::Shown { parameters, result, declaration } = bash::shown(tool, signature, bytes);
    let signature = bash::signature(qualified, &parameters);
    Shown { signature, example: bash::example_call(qualified, tool), declaration, parameters, result }
}

fn tool_docs(
    entry: &Entry<'_>,
    language: Language,
    bytes: usize,
    context: &DocsContext<'_>,
) -> Option<ToolDocs> {
    let (module, _, tool) = entry.parts();
    let shown = shown_in(entry, language, bytes)?;
    let standing = context.of(&module.server, tool);
    let description = tool.description.as_deref().map(bounded::visible);
    Some(ToolDocs {
        name: entry.qualified.to_owned(),
        import: (module.identifier != module.server.as_str()).then(|| module.identifier.clone()),
        signature: shown.signature,
        description: description.map(|text| bounded::cut(text.trim(), MAX_DESCRIPTION_CHARS).into_owned()),
        marks: standing.marks,
        denied: standing.denied,
        parameters: shown.parameters,
        result: shown.result,
        inferred_from: observations(tool),
        errors_seen: failures(tool),
        example: shown.example,
        declaration: shown.declaration,
    })
}

/// The docs of a tool for Bash.
pub(crate) fn bash_docs(module: &ServerModule, tool: &ToolDefinition) -> ToolDocs {
    let qualified = format!("{}.{}", module.server, tool.name);
    let shown = bash_shown(&qualified, tool, DECLARATIONS_BYTES);
    let description = tool.description.as_deref().map(bounded::visible);
    ToolDocs {
        import: None,
        declaration: shown.declaration,
        signature: shown.signature,
        description: description.map(|text| bounded::cut(text.trim(), MAX_DESCRIPTION_CHARS).into_owned()),
        marks: effect(tool).map(str::to_owned).into_iter().collect(),
        denied: None,
        parameters: shown.parameters,
        result: shown.result,
        inferred_from: observations(tool),
        errors_seen: failures(tool),
        example: shown.example,
        name: qualified,
    }
}

/// The parameters of a tool as a program in `language` writes them, the required ones first.
pub fn parameters_in(tool: &ToolDefinition, language: Language) -> Vec<ParameterDocs> {
    match language {
        Language::TypeScript | Language::JavaScript | Language::Node => parameters(tool),
        Language::Python => python::parameters(tool),
        Language::Bash | Language::Rust => bash::parameters(tool),
    }
}

fn observations(tool: &ToolDefinition) -> Option<u64> {
    let observed = tool.observed.as_ref().filter(|_| tool.output_schema.is_none());
    observed.map(|observed| observed.observations)
}

fn failures(tool: &ToolDefinition) -> Vec<String> {
    tool.failures.iter().map(|text| bounded::one_line(text, MAX_FAILURE_CHARS)).collect()
}

/// The parameters of a tool, the required ones first.
pub(crate) fn parameters(tool: &ToolDefinition) -> Vec<ParameterDocs> {
    let bounds = Bounds { description_chars: MAX_PARAMETER_CHARS, ..Bounds::LINE };
    let schema = arguments_type(tool, bounds);
    parameters_of(&schema, |property| {
        let ty = inline(&schema, &property.ty, MAX_PARAMETER_CHARS);
        (ty, described(&property.notes, property.ty != Type::Integer))
    })
}

/// The properties of arguments, the required ones first, with the type and the description that `shown` gives.
pub(crate) fn parameters_of(
    schema: &Schema,
    shown: impl Fn(&Property) -> (String, Option<String>),
) -> Vec<ParameterDocs> {
    let Some(object) = schema.arguments() else { return Vec::new() };
    let one = |property: &Property| {
        let (ty, description) = shown(property);
        ParameterDocs {
            name: property.name.clone(),
            ty,
            required: property.required,
            description,
            sent_as: None,
            default: property.notes.default.clone(),
        }
    };
    let mut parameters: Vec<_> = object.properties.iter().map(one).collect();
    parameters.sort_by_key(|parameter| !parameter.required);
    parameters
}

/// What is said of a value beside its type and its default, on one line; `is_plain` where the type
/// says that it is a whole number.
pub(crate) fn described(notes: &Notes, is_plain: bool) -> Option<String> {
    let is_default = |fact: &&String| fact.starts_with("default ") && notes.default.is_some();
    let is_said = |fact: &&String| is_plain && *fact == "integer";
    let facts: Vec<&str> =
        notes.facts.iter().filter(|fact| !is_default(fact) && !is_said(fact)).map(String::as_str).collect();
    let text = bounded::one_line(notes.description.as_deref().unwrap_or_default(), MAX_PARAMETER_CHARS);
    match (text.is_empty(), facts.is_empty()) {
        (true, true) => None,
        (true, false) => Some(facts.join(", ")),
        (false, true) => Some(text),
        (false, false) => Some(format!("{text} ({})", facts.join(", "))),
    }
}
