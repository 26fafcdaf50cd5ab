//! The arguments of a call: under which names they are sent, and what is said of
//! those that are none.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::{Map, Value, value::RawValue};
use terraphim_mcp_codegen::{ParameterDocs, bounded, parameters_in, python_keywords};
use terraphim_types::{Language, ServerName, ToolDefinition, ToolName};

use super::{Bridge, CallError, decode};
use crate::tokens::Excerpt;

/// Most parameters that one message names.
const NAMED: usize = 20;

/// Longest text that the guest says of what was given, and longest name, in characters.
const GIVEN_CHARS: usize = 80;

/// A call of a tool.
#[derive(Deserialize)]
pub(super) struct ToolCall {
    pub(super) server: String,
    pub(super) tool: String,
    #[serde(default)]
    pub(super) raw: bool,
    #[serde(default)]
    keywords: Keywords,
    #[serde(default)]
    arguments: Option<Box<RawValue>>,
}

/// Which arguments have the names that a language makes of the tool's own.
#[derive(Deserialize)]
#[serde(untagged)]
enum Keywords {
    All(bool),
    Some(Vec<String>),
}

impl Default for Keywords {
    fn default() -> Self {
        Self::All(false)
    }
}

/// A call that was given something else than arguments by name.
#[derive(Deserialize)]
pub(super) struct Misgiven {
    server: String,
    tool: String,
    /// What it was given, in words.
    given: String,
}

pub(super) fn named(server: &str, tool: &str) -> Result<ToolName, CallError> {
    let unknown = |error: String| CallError::new("unknown", error);
    let server = ServerName::new(server).map_err(|error| unknown(error.to_string()))?;
    ToolName::new(server, tool).map_err(|error| unknown(error.to_string()))
}

impl Bridge {
    /// The arguments as they are sent, and their text for the account.
    pub(super) async fn arguments(
        &self,
        name: &ToolName,
        call: ToolCall,
    ) -> Result<(Map<String, Value>, Excerpt), CallError> {
        let text = call.arguments.as_deref().map_or("{}", RawValue::get);
        let given: Map<String, Value> =
            decode(text.as_bytes().to_vec()).await.map_err(|error| error.at(name))?;
        let made: HashMap<String, String> = match &call.keywords {
            Keywords::All(false) => HashMap::new(),
            Keywords::Some(names) if names.is_empty() => HashMap::new(),
            _ => self.renamed(name, &given).await,
        };
        let is_keyword = |key: &str| match &call.keywords {
            Keywords::All(all) => *all,
            Keywords::Some(names) => names.iter().any(|name| name == key),
        };
        if !given.keys().any(|key| is_keyword(key) && made.contains_key(key)) {
            return Ok((given, Excerpt::from(text.to_owned())));
        }
        let mut sent = Map::new();
        for (key, value) in given {
            let own = made.get(&key).filter(|_| is_keyword(&key)).cloned().unwrap_or(key);
            if sent.insert(own.clone(), value).is_some() {
                let message = format!("`{}` was given twice", bounded::one_line(&own, GIVEN_CHARS));
                return Err(CallError::new("arguments", message).at(name));
            }
        }
        let text = serde_json::to_string(&sent).unwrap_or_default();
        Ok((sent, Excerpt::from(text)))
    }

    /// The names that are sent for those among `given` that are none of the tool's own.
    async fn renamed(&self, name: &ToolName, given: &Map<String, Value>) -> HashMap<String, String> {
        let looked_up = self.with_definition(name, |tool| {
            let own = tool.input_schema.get("properties").and_then(Value::as_object);
            let known = given.keys().all(|key| own.is_some_and(|own| own.contains_key(key)));
            if known { HashMap::new() } else { python_keywords(tool).into_iter().collect() }
        });
        looked_up.await.unwrap_or_default()
    }

    /// Looks at a tool; `None` where there is none, or where it may not even be looked for.
    async fn with_definition<T>(
        &self,
        name: &ToolName,
        look: impl FnOnce(&ToolDefinition) -> T,
    ) -> Option<T> {
        let gateway = self.catalogue.gateway();
        if gateway.forbids(name) {
            return None;
        }
        let tools = tokio::select! {
            () = self.cancel.cancelled() => return None,
            tools = gateway.tools(name.server()) => tools.ok()?,
        };
        tools.iter().find(|tool| tool.name == name.tool()).map(look)
    }

    /// What is said of a call that was given something else than arguments by name.
    pub(super) async fn misgiven(&self, call: Misgiven) -> CallError {
        let name = match named(&call.server, &call.tool) {
            Ok(name) => name,
            Err(error) => return error,
        };
        let given = bounded::one_line(&call.given, GIVEN_CHARS);
        let takes = match self.language {
            Language::Python => "keyword arguments, or one dict of them",
            _ => "one object of arguments",
        };
        let parameters = self.with_definition(&name, |tool| parameters_in(tool, self.language)).await;
        let parameters = parameters.unwrap_or_default();
        let hint = self.how_to_write(&call.tool, &parameters);
        CallError::new("arguments", format!("{name} takes {takes}, not {given}")).with_hint(&hint).at(&name)
    }

    /// A call with the names of the parameters, those first that must be given.
    fn how_to_write(&self, tool: &str, parameters: &[ParameterDocs]) -> String {
        let is_python = self.language == Language::Python;
        let tool = bounded::one_line(tool, GIVEN_CHARS);
        let one = |parameter: &ParameterDocs| {
            let name = bounded::one_line(&parameter.name, GIVEN_CHARS);
            let name = match is_python || parameter.name.chars().all(|c| c == '_' || c.is_alphanumeric()) {
                true => name,
                false => format!("{name:?}"),
            };
            if is_python { format!("{name}=...") } else { format!("{name}: ...") }
        };
        let wrapped = |given: &str| {
            if is_python { format!("{tool}({given})") } else { format!("{tool}({{ {given} }})") }
        };
        if parameters.is_empty() {
            return format!("write {}", wrapped(if is_python { "name=value" } else { "name: value" }));
        }
        let (required, optional): (Vec<_>, Vec<_>) =
            parameters.iter().take(NAMED).partition(|parameter| parameter.required);
        let text = |some: &[&ParameterDocs]| some.iter().map(|it| one(it)).collect::<Vec<_>>().join(", ");
        let more = if parameters.len() > NAMED { " and more" } else { "" };
        match (required.is_empty(), optional.is_empty()) {
            (false, true) => format!("write {}{more}", wrapped(&text(&required))),
            (true, _) => format!("write {}; all are optional{more}", wrapped(&text(&optional))),
            (false, false) => {
                let names = optional.iter().map(|it| bounded::one_line(&it.name, GIVEN_CHARS));
                let names = names.collect::<Vec<_>>().join(", ");
                format!("write {}; optional: {names}{more}", wrapped(&text(&required)))
            }
        }
    }

    /// Where arguments were refused in Python: the names that are written otherwise than they are told.
    pub(super) async fn with_keywords(&self, error: CallError, name: &ToolName) -> CallError {
        if self.language != Language::Python || error.kind != "arguments" || !error.hint.is_empty() {
            return error;
        }
        let written = self.with_definition(name, python_keywords).await.unwrap_or_default();
        if written.is_empty() {
            return error;
        }
        let written = written.iter().take(NAMED);
        let written = written
            .map(|(keyword, name)| format!("{keyword}= for `{}`", bounded::one_line(name, GIVEN_CHARS)));
        error.with_hint(&format!("write {}", written.collect::<Vec<_>>().join(", ")))
    }
}
