//! Why a tool was found.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use std::collections::HashMap;

use terraphim_types::ToolDefinition;

use super::{rank::Ranking, segment::ServerTools, terms::How, words};
use crate::schema::resolve;

/// Most reasons that are told of one tool.
const MAX_REASONS: usize = 24;

/// A word of the query that a tool meets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// The word, as it was written.
    pub word: String,
    /// The word of the tool that stands for it, in the form in which it is met first.
    pub by: String,
    /// How the one came to stand for the other.
    pub found: Found,
    /// Where it stands: `name`, `title`, `description`, `parameters`, `server`, `server description`.
    pub fields: Vec<String>,
}

/// How a word of a tool came to stand for a word of the query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Found {
    /// It is the same word, in whatever form.
    Word,
    /// It means the same.
    Synonym,
    /// It is a part of a compound.
    Part,
    /// It is two words of the query in one.
    Compound,
    /// The query's word is its beginning or its end.
    Completion,
    /// The query's word has a typing error.
    Correction,
}

impl From<How> for Found {
    fn from(how: How) -> Self {
        match how {
            How::Itself => Self::Word,
            How::Synonym => Self::Synonym,
            How::Part => Self::Part,
            How::Joined => Self::Compound,
            How::Completion => Self::Completion,
            How::Correction => Self::Correction,
        }
    }
}

/// The words of a tool and its server by their stems, each in the form in which it stands first.
fn own_words(source: &ServerTools, tool: &ToolDefinition) -> HashMap<String, String> {
    let mut own = HashMap::new();
    let mut read = |text: Option<&str>| {
        words::split(text.unwrap_or_default(), |word| {
            own.entry(words::stem(word)).or_insert_with(|| word.to_owned());
        });
    };
    read(Some(&tool.name));
    read(tool.title.as_deref().or_else(|| tool.annotations.as_ref()?.title.as_deref()));
    read(tool.description.as_deref());
    let schema = resolve(&tool.input_schema, &tool.input_schema);
    for (name, property) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        read(Some(name));
        read(property.get("description").and_then(Value::as_str));
    }
    read(Some(source.server.as_str()));
    read(source.description.as_deref());
    own
}

/// The words by which a ranking found a tool of a server, in the order of the query.
pub(super) fn reasons(
    ranking: &Ranking<'_>,
    id: u32,
    source: &ServerTools,
    tool: &ToolDefinition,
) -> Vec<Reason> {
    let own = own_words(source, tool);
    let reasons = ranking.reasons(id).into_iter().take(MAX_REASONS);
    let told = reasons.map(|(concept, by, how, fields)| Reason {
        word: concept.written.clone(),
        by: own.get(by).map_or(by, String::as_str).to_owned(),
        found: how.into(),
        fields: fields.into_iter().map(str::to_owned).collect(),
    });
    told.collect()
}
