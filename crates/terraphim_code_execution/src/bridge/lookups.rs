//! What a program asks about tools: a search, and the documents of names. An option that
//! there is not is refused, as it would be missed in the answer.

use serde::Deserialize;
use serde_json::{Map, Value};
use terraphim_mcp_codegen::{Asking, Detail, DocsQuery, Form, ToolQuery, bounded, nearest};
use terraphim_types::Language;

use super::{Bridge, CallError, encode};
use crate::catalogue::Shown;

#[derive(Deserialize)]
pub(super) struct SearchCall {
    #[serde(default)]
    query: Option<String>,
    #[serde(default)]
    category: Option<String>,
    #[serde(default)]
    capabilities: Vec<String>,
    #[serde(default)]
    server: Option<String>,
    #[serde(default)]
    detail: Option<Detail>,
    #[serde(default)]
    limit: Option<u32>,
    #[serde(default)]
    offset: Option<u32>,
    #[serde(default, alias = "maxTokens")]
    max_tokens: Option<u32>,
    #[serde(flatten)]
    unknown: Map<String, Value>,
}

const SEARCH_OPTIONS: [&str; 8] =
    ["query", "category", "capabilities", "server", "detail", "limit", "offset", "max_tokens"];

#[derive(Deserialize)]
pub(super) struct DocsCall {
    names: Vec<String>,
    #[serde(default)]
    detail: Option<Detail>,
    #[serde(default, alias = "maxTokens")]
    max_tokens: Option<u32>,
    #[serde(flatten)]
    unknown: Map<String, Value>,
}

const DOCS_OPTIONS: [&str; 2] = ["detail", "max_tokens"];

/// Refuses the first option that is not known.
fn refuse_unknown(what: &str, unknown: &Map<String, Value>, known: &[&str]) -> Result<(), CallError> {
    let Some(name) = unknown.keys().next() else { return Ok(()) };
    let message = format!("{what} has no option `{}`", bounded::one_line(name, 60));
    let near = nearest(name, known.iter().copied());
    let hint = match near.as_slice() {
        [] => format!("it takes {}", known.join(", ")),
        near => format!("did you mean {}? It takes {}", near.join(" or "), known.join(", ")),
    };
    Err(CallError::new("arguments", message).with_hint(&hint))
}

impl Bridge {
    /// How a program asks for more: in Bash by an option of `mcp`.
    fn asking(&self) -> Asking {
        match self.language {
            Language::Bash => Asking { max_tokens: "--max-tokens", ..Asking::default() },
            _ => Asking::default(),
        }
    }

    pub(super) async fn search(&self, call: SearchCall) -> Result<Vec<u8>, CallError> {
        refuse_unknown("the search for tools", &call.unknown, &SEARCH_OPTIONS)?;
        let default = ToolQuery::default();
        let (language, max_tokens) = (self.language, call.max_tokens);
        let shown = Shown { language, max_tokens, asking: self.asking(), ..Shown::default() };
        let query = ToolQuery {
            query: call.query,
            category: call.category,
            capabilities: call.capabilities,
            server: call.server,
            detail: call.detail.unwrap_or(default.detail),
            limit: call.limit.unwrap_or(default.limit),
            offset: call.offset.unwrap_or(default.offset),
            ..default
        };
        let answer = self.catalogue.search_within(&query, shown).await;
        if let Some(unknown) = &answer.unknown_server {
            let hint = match unknown.nearest.as_slice() {
                [] => "servers that there are: searchTools({})".to_owned(),
                near => format!("did you mean {}?", near.join(", ")),
            };
            let message = format!("there is no server `{}`", unknown.name);
            return Err(CallError::new("unknown", message).with_hint(&hint));
        }
        encode(&answer)
    }

    pub(super) async fn docs(&self, call: DocsCall) -> Result<Vec<u8>, CallError> {
        refuse_unknown("the documents of tools", &call.unknown, &DOCS_OPTIONS)?;
        let query = DocsQuery {
            names: call.names,
            language: self.language,
            detail: call.detail,
            max_tokens: call.max_tokens,
        };
        encode(&self.catalogue.docs_as(&query, Form::Json, self.asking()).await)
    }
}
