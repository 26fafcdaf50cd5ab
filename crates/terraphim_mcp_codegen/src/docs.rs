//! The docs of named tools: all that is needed to write a call.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use terraphim_types::{Language, ToolDefinition};

use crate::{
    bash, bounded,
    discovery::{DiscoveryIndex, Entry},
    distance::nearest,
    example::example_call,
    python, rust,
    schema::{Bounds, Notes, Type},
    typescript::{arguments_type, inline, result_inline, signature_as, tool_declaration},
};

/// Most tools in one answer.
const MAX_TOOLS: usize = 50;
/// Longest description of a tool, in characters.
const MAX_DESCRIPTION_CHARS: usize = 2_000;
/// Longest type and longest description of a parameter, in characters.
const MAX_PARAMETER_CHARS: usize = 240;
/// Sum of the declarations of one answer, in bytes.
const DECLARATIONS_BYTES: usize = 24 << 10;

/// The docs of the tools that were asked for.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct DocsPage {
    /// The known ones, in the order asked.
    pub docs: Vec<ToolDocs>,
    /// The others.
    pub unknown: Vec<UnknownTool>,
    /// How many names were not looked at, as one answer holds 50 tools.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub omitted: usize,
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
    /// A call that is valid against the schema, where a short one could be made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub example: Option<String>,
    /// The types in full.
    pub declaration: String,
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

fn tool_docs(entry: &Entry<'_>, language: Language, bytes: usize) -> Option<ToolDocs> {
    let (module, named, tool) = entry.parts();
    let identifier = named.identifiers.first()?;
    let description = tool.description.as_deref().map(bounded::visible);
    let parameters = parameters(tool);
    let mut result = result_inline(tool, 400);
    let (signature, example, declaration) = match language {
        // JavaScript calls are the same; their types are read, not run.
        Language::TypeScript | Language::JavaScript | Language::Node => (
            signature_as(identifier, tool),
            example_call(module, named, tool),
            tool_declaration(tool, named, bytes),
        ),
        Language::Python => {
            let signature = python::signature(identifier, &parameters);
            (signature.clone(), python::example_call(module, named, tool), signature)
        }
        Language::Bash => {
            let signature = bash::signature(entry.qualified, &parameters);
            (signature.clone(), bash::example_call(entry.qualified, tool), signature)
        }
        Language::Rust => {
            let shown = rust::shown(module, named, tool, bytes);
            result = shown.result;
            (shown.signature, shown.example, shown.declaration)
        }
    };
    Some(ToolDocs {
        name: entry.qualified.to_owned(),
        import: (module.identifier != module.server.as_str()).then(|| module.identifier.clone()),
        signature,
        description: description.map(|text| bounded::cut(text.trim(), MAX_DESCRIPTION_CHARS).into_owned()),
        parameters,
        result,
        example,
        declaration,
    })
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
