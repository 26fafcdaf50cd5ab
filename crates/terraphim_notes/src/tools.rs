//! The tools of the server: what they are called, what they take and give, and
//! what they do. Each stands in a table; the schemas are for callers, and the
//! gateway holds the arguments against them.

mod arguments;
mod autocomplete_index;
mod config;
#[cfg(test)]
mod hostile;
mod lines;
mod matches;
mod path;
mod reply;
mod schema;
mod search;
mod suggestions;
mod thesaurus;

use std::{
    pin::Pin,
    sync::{Arc, LazyLock},
};

use serde_json::{Map, Value, json};
use terraphim_types::{ToolAnnotations, ToolDefinition};
use tokio::sync::Mutex;

use self::arguments::Arguments;
pub(crate) use self::reply::{Outcome, ToolError, failure};
use crate::{Library, ManagedFile, RoleView, managed::Looked};

/// The tools, in the order in which they are listed.
static TOOLS: [&Tool; 17] = [
    &search::SEARCH,
    &config::UPDATE,
    &autocomplete_index::BUILD,
    &suggestions::FUZZY,
    &suggestions::COMPLETE,
    &suggestions::WITH_SNIPPETS,
    &suggestions::LEVENSHTEIN,
    &suggestions::JARO_WINKLER,
    &autocomplete_index::SERIALIZE,
    &autocomplete_index::DESERIALIZE,
    &matches::FIND,
    &matches::REPLACE,
    &matches::PARAGRAPH,
    &lines::DECODE,
    &thesaurus::LOAD,
    &thesaurus::LOAD_JSON,
    &path::CONNECTED,
];

type Call = for<'a> fn(&'a Tools, Arguments<'a>) -> Pin<Box<dyn Future<Output = Outcome> + Send + 'a>>;

/// A tool.
struct Tool {
    name: &'static str,
    title: &'static str,
    description: &'static str,
    effect: Effect,
    capabilities: &'static [&'static str],
    input: fn() -> Value,
    output: fn() -> Value,
    call: Call,
}

/// What a call changes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Effect {
    /// Nothing that anybody but the index itself could tell.
    Reads,
    /// What the server holds in memory.
    Loads,
    /// What is kept for good, in place of what was there.
    Replaces,
}

/// The tools with what they work on.
pub(crate) struct Tools {
    library: Library,
    managed: Option<ManagedFile>,
    looked: Looked,
    turn: Mutex<()>,
}

impl Tools {
    pub(crate) fn new(library: Library, managed: Option<ManagedFile>) -> Self {
        Self { library, managed, looked: Looked::default(), turn: Mutex::default() }
    }

    pub(crate) fn library(&self) -> &Library {
        &self.library
    }

    fn managed(&self) -> Option<&ManagedFile> {
        self.managed.as_ref()
    }

    /// Held by whoever changes the configuration.
    fn turn(&self) -> &Mutex<()> {
        &self.turn
    }

    /// What stands in the file was written here.
    fn note_own_change(&self) {
        if let Some(file) = &self.managed {
            self.looked.note(file);
        }
    }

    /// Takes over what another process has set.
    pub(crate) async fn follow(&self) {
        let Some(file) = &self.managed else { return };
        if !self.looked.finds_changed(file) {
            return;
        }
        let _turn = self.turn.lock().await;
        if let Err(error) = config::take_over(&self.library, file) {
            tracing::warn!(%error, "roles that another process has set are not taken over");
        }
    }

    /// The newest state of the role that a call names.
    async fn view(&self, arguments: Arguments<'_>) -> Result<Arc<RoleView>, ToolError> {
        Ok(self.library.view(arguments.text("role")?).await?)
    }

    /// Calls a tool; none if there is none of that name.
    pub(crate) async fn call(&self, name: &str, arguments: &Map<String, Value>) -> Option<Outcome> {
        let tool = TOOLS.iter().find(|tool| tool.name == name)?;
        self.follow().await;
        Some(self.answer(tool, arguments).await)
    }

    async fn answer(&self, tool: &Tool, arguments: &Map<String, Value>) -> Outcome {
        let definition = DEFINITIONS.iter().find(|definition| definition.name == tool.name);
        let properties =
            definition.and_then(|definition| definition.input_schema.get("properties")?.as_object());
        let known = properties.into_iter().flat_map(Map::keys).map(String::as_str);
        (tool.call)(self, Arguments::new(arguments, known)?).await
    }
}

static DEFINITIONS: LazyLock<Arc<[ToolDefinition]>> =
    LazyLock::new(|| TOOLS.iter().map(|tool| tool.definition()).collect());

/// The tools as they are listed.
pub(crate) fn definitions() -> Arc<[ToolDefinition]> {
    Arc::clone(&DEFINITIONS)
}

impl Tool {
    fn definition(&self) -> ToolDefinition {
        let hints = ToolAnnotations {
            title: None,
            read_only_hint: Some(self.effect == Effect::Reads),
            destructive_hint: Some(self.effect == Effect::Replaces),
            idempotent_hint: Some(true),
            open_world_hint: Some(false),
        };
        let about =
            json!({ "terraphim": { "category": "knowledge-graph", "capabilities": self.capabilities } });
        ToolDefinition {
            name: self.name.to_owned(),
            title: Some(self.title.to_owned()),
            description: Some(self.description.to_owned()),
            input_schema: (self.input)(),
            output_schema: Some((self.output)()),
            annotations: Some(hints),
            meta: Some(about),
            observed: None,
            failures: Arc::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_table_is_what_callers_were_promised() {
        let promised = [
            ("search", "query", "role, limit, skip"),
            ("update_config_tool", "config_str", ""),
            ("build_autocomplete_index", "", "role"),
            ("fuzzy_autocomplete_search", "query", "similarity, limit"),
            ("autocomplete_terms", "query", "limit, role"),
            ("autocomplete_with_snippets", "query", "limit, role"),
            ("fuzzy_autocomplete_search_levenshtein", "query", "max_edit_distance, limit"),
            ("fuzzy_autocomplete_search_jaro_winkler", "query", "similarity, limit"),
            ("serialize_autocomplete_index", "", ""),
            ("deserialize_autocomplete_index", "base64_data", ""),
            ("find_matches", "text", "role, return_positions"),
            ("replace_matches", "text, link_type", "role"),
            ("extract_paragraphs_from_automata", "text", "role, include_term"),
            ("json_decode", "jsonlines", ""),
            ("load_thesaurus", "automata_path", ""),
            ("load_thesaurus_from_json", "json_str", ""),
            ("is_all_terms_connected_by_path", "text", "role"),
        ];
        let definitions = definitions();
        assert_eq!(definitions.len(), promised.len());
        for (definition, (name, required, optional)) in definitions.iter().zip(promised) {
            assert_eq!(definition.name, name);
            let schema = &definition.input_schema;
            let given: Vec<_> =
                schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            assert_eq!(given.join(", "), required, "{name}");
            let properties: HashSet<_> =
                schema["properties"].as_object().expect("properties").keys().collect();
            for argument in optional.split(", ").filter(|argument| !argument.is_empty()) {
                assert!(properties.contains(&argument.to_owned()), "{name}: {argument}");
            }
            let roleless = ["update_config_tool", "json_decode"].contains(&name);
            assert_eq!(properties.contains(&"role".to_owned()), !roleless, "{name}");
            assert!(definition.output_schema.is_some() && definition.annotations.is_some(), "{name}");
            assert!(definition.description.as_ref().is_some_and(|text| text.len() < 250), "{name}");
        }
    }

    #[test]
    fn what_changes_something_does_not_claim_to_be_read_only() {
        let changing: Vec<_> =
            definitions().iter().filter(|tool| !tool.is_read_only()).map(|tool| tool.name.clone()).collect();
        let expected = [
            "update_config_tool",
            "deserialize_autocomplete_index",
            "load_thesaurus",
            "load_thesaurus_from_json",
        ];
        assert_eq!(changing, expected);
    }
}
