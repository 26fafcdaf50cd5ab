//! The docs of named tools: all that is needed to write a call, or less where
//! less is asked for or there is no room.

mod levels;
mod tokens;

pub use levels::Fitted;
pub use tokens::tokens_at_most;

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
    schema::{Bounds, Notes, Type},
    typescript::{arguments_type, inline, result_inline, signature_as, tool_declaration},
};

/// Most tools in one answer.
const MAX_TOOLS: usize = 50;
/// Longest description of a tool, in characters.
const MAX_DESCRIPTION_CHARS: usize = 2_000;
/// Longest type and longest description of a parameter, in characters.
const MAX_PARAMETER_CHARS: usize = 240;
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
    /// How many tools had no room, and how many names were not looked at, as
    /// one answer holds 50 tools.
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
    /// How much is told at most of each tool.
    pub detail: Detail,
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
/// uses; a tool's own name suffices where only one tool has it.
pub fn docs(index: &DiscoveryIndex, names: &[String], language: Language) -> DocsPage {
    let mut page = DocsPage { omitted: names.len().saturating_sub(MAX_TOOLS), ..DocsPage::default() };
    let asked = names.len().clamp(1, MAX_TOOLS);
    for name in names.iter().take(MAX_TOOLS) {
        let known = index.entry(name.trim());
        match known.and_then(|entry| tool_docs(&entry, language, DECLARATIONS_BYTES / asked)) {
            Some(docs) if page.docs.iter().any(|known| known.name == docs.name) => {}
            Some(docs) => page.docs.push(docs),
            None => page.unknown.push(UnknownTool {
                name: bounded::one_line(name, 120),
                nearest: nearest(name, index.names()),
            }),
        }
    }
    page
}

/// The same at a level of detail and within a number of tokens: the first tools
/// at that level, the next at lower ones, down to their names.
pub fn docs_within(index: &DiscoveryIndex, query: &DocsQuery) -> DocsPage {
    let mut page = docs(index, &query.names, query.language);
    page.fit(query.detail, query.max_tokens);
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
    result: String,
}

fn shown_in(entry: &Entry<'_>, language: Language, bytes: usize) -> Option<Shown> {
    let (module, named, tool) = entry.parts();
    let identifier = named.identifiers.first()?;
    let result = result_inline(tool, 400);
    let (signature, example, declaration) = match language {
        // JavaScript calls are the same; their types are read, not run.
        Language::TypeScript | Language::JavaScript | Language::Node => (
            signature_as(identifier, tool),
            example_call(module, named, tool),
            tool_declaration(tool, named, bytes),
        ),
        Language::Python => {
            let python::Shown { signature, declaration, result } = python::shown(named, tool, bytes);
            let example = python::example_call(module, named, tool);
            return Some(Shown { signature, example, declaration, result });
        }
        Language::Bash => {
            let signature = bash::signature(entry.qualified, &parameters(tool));
            (signature.clone(), bash::example_call(entry.qualified, tool), signature)
        }
        Language::Rust => {
            let rust::Shown { signature, example, result: declared, declaration } =
                rust::shown(module, named, tool, bytes);
            let is_observed = tool.output_schema.is_none() && tool.observed.is_some();
            let result = if is_observed { format!("{declared} like {result}") } else { declared };
            return Some(Shown { signature, example, declaration, result });
        }
    };
    Some(Shown { signature, example, declaration, result })
}

fn tool_docs(entry: &Entry<'_>, language: Language, bytes: usize) -> Option<ToolDocs> {
    let (module, _, tool) = entry.parts();
    let shown = shown_in(entry, language, bytes)?;
    let description = tool.description.as_deref().map(bounded::visible);
    Some(ToolDocs {
        name: entry.qualified.to_owned(),
        import: (module.identifier != module.server.as_str()).then(|| module.identifier.clone()),
        signature: shown.signature,
        description: description.map(|text| bounded::cut(text.trim(), MAX_DESCRIPTION_CHARS).into_owned()),
        parameters: parameters(tool),
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
    let parameters = parameters(tool);
    let signature = bash::signature(&qualified, &parameters);
    let description = tool.description.as_deref().map(bounded::visible);
    ToolDocs {
        import: None,
        declaration: signature.clone(),
        signature,
        description: description.map(|text| bounded::cut(text.trim(), MAX_DESCRIPTION_CHARS).into_owned()),
        parameters,
        result: result_inline(tool, 400),
        inferred_from: observations(tool),
        errors_seen: failures(tool),
        example: bash::example_call(&qualified, tool),
        name: qualified,
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
    let Some(object) = schema.object() else { return Vec::new() };
    let mut parameters: Vec<_> = object
        .properties
        .iter()
        .map(|property| ParameterDocs {
            name: property.name.clone(),
            ty: inline(&schema, &property.ty, MAX_PARAMETER_CHARS),
            required: property.required,
            description: description(&property.notes, &property.ty),
            default: property.notes.default.clone(),
        })
        .collect();
    parameters.sort_by_key(|parameter| !parameter.required);
    parameters
}

fn description(notes: &Notes, ty: &Type) -> Option<String> {
    let is_default = |fact: &&String| fact.starts_with("default ") && notes.default.is_some();
    let is_plain = |fact: &&String| *fact == "integer" && *ty != Type::Integer;
    let facts: Vec<&str> =
        notes.facts.iter().filter(|fact| !is_default(fact) && !is_plain(fact)).map(String::as_str).collect();
    let text = bounded::one_line(notes.description.as_deref().unwrap_or_default(), MAX_PARAMETER_CHARS);
    match (text.is_empty(), facts.is_empty()) {
        (true, true) => None,
        (true, false) => Some(facts.join(", ")),
        (false, true) => Some(text),
        (false, false) => Some(format!("{text} ({})", facts.join(", "))),
    }
}
