//! How an answer is written out, by which its tokens are counted, and what its
//! caller knows of tools beside their definitions.

use terraphim_types::{ServerName, ToolDefinition};

use super::{ToolBrief, ToolDocs, levels::tokens_of, tokens::tokens_at_most};
use crate::discovery::ToolHit;

/// How an answer leaves.
#[derive(Debug, Clone, Copy, Default)]
pub enum Form {
    /// As JSON.
    #[default]
    Json,
    /// As a text, of which the reader sees nothing else.
    Text(TextForm),
    /// As both, of which the reader sees one.
    Both(TextForm),
}

/// The text of each tool of an answer.
#[derive(Debug, Clone, Copy)]
pub struct TextForm {
    /// In full.
    pub docs: fn(&ToolDocs) -> String,
    /// In brief.
    pub brief: fn(&ToolBrief) -> String,
    /// As it was found, with its marks.
    pub hit: fn(&ToolHit, &[String]) -> String,
}

impl Form {
    pub(super) fn of_docs(self, docs: &ToolDocs) -> usize {
        self.tokens(|text| (text.docs)(docs), || tokens_of(docs))
    }

    pub(super) fn of_brief(self, brief: &ToolBrief) -> usize {
        self.tokens(|text| (text.brief)(brief), || tokens_of(brief))
    }

    pub(super) fn of_name(self, name: &str) -> usize {
        self.tokens(|_| name.to_owned(), || tokens_of(&name))
    }

    /// The tokens of a tool that was found, with its marks.
    pub fn of_hit(self, hit: &ToolHit, marks: &[String]) -> usize {
        let of_marks = if marks.is_empty() { 0 } else { tokens_of(&("marks", marks)) };
        self.tokens(|text| (text.hit)(hit, marks), || tokens_of(hit) + of_marks)
    }

    fn tokens(self, text: impl Fn(&TextForm) -> String, json: impl Fn() -> usize) -> usize {
        match &self {
            Self::Json => json(),
            Self::Text(form) => tokens_at_most(&text(form)),
            Self::Both(form) => tokens_at_most(&text(form)).max(json()),
        }
    }
}

/// What is to be known before a tool is called.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// In a word or two each.
    pub marks: Vec<String>,
    /// Where a call is denied: by what, and which setting allows it.
    pub denied: Option<String>,
}

/// How a tool of a server stands.
pub type Stands<'a> = dyn Fn(&ServerName, &ToolDefinition) -> Standing + 'a;

/// How a caller asks, by which an answer tells it to ask for more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asking {
    /// Most names of one answer.
    pub names: usize,
    /// What the caller calls the room for an answer.
    pub max_tokens: &'static str,
}

impl Asking {
    /// A user of the command line, whose names are bounded by the length of a command.
    pub const SHELL: Self = Self { names: usize::MAX, max_tokens: "--max-tokens" };
}

impl Default for Asking {
    fn default() -> Self {
        Self { names: super::MAX_TOOLS, max_tokens: "max_tokens" }
    }
}

/// What the caller of [`super::docs_with`] knows.
#[derive(Clone, Copy, Default)]
pub struct DocsContext<'a> {
    /// How the answer leaves.
    pub form: Form,
    /// How a tool stands; without it by its annotations alone.
    pub standing: Option<&'a Stands<'a>>,
    /// How the caller asks.
    pub asking: Asking,
}

impl DocsContext<'_> {
    /// How a tool stands; where the caller does not say, by its annotations.
    pub(crate) fn of(&self, server: &ServerName, tool: &ToolDefinition) -> Standing {
        let by_itself =
            || Standing { marks: effect(tool).map(str::to_owned).into_iter().collect(), denied: None };
        self.standing.map_or_else(by_itself, |standing| standing(server, tool))
    }
}

/// What a tool says of itself that its calls do beside reading: `changes` or `destroys`. A tool that
/// says nothing is not judged.
pub fn effect(tool: &ToolDefinition) -> Option<&'static str> {
    let annotations = tool.annotations.as_ref()?;
    match (annotations.read_only_hint, annotations.destructive_hint) {
        (Some(true), _) | (None, None) => None,
        (_, Some(true)) => Some("destroys"),
        (Some(false), None) | (_, Some(false)) => Some("changes"),
    }
}
