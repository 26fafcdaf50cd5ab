//! `load_thesaurus` and `load_thesaurus_from_json`: another thesaurus for a role.

use std::path::{Path, PathBuf};

use serde::Serialize;
use terraphim_kg::Thesaurus;

use super::{
    Effect, Tool, Tools,
    arguments::Arguments,
    matches::MAX_TEXT_BYTES,
    reply::{Outcome, ToolError, blocking, reply},
    schema::{count, list, object, role, takes, text, told},
};
use crate::RoleView;

/// Longest path, in characters.
const MAX_PATH_CHARS: usize = 4_096;

/// How many terms that were left out are named.
const MAX_REJECTED: usize = 10;

pub(super) static LOAD: Tool = Tool {
    name: "load_thesaurus",
    title: "Load a thesaurus file",
    description: "Makes a thesaurus file the role's active one, under the thesaurus' own name, until the server ends or \
                  the configuration changes.",
    effect: Effect::Loads,
    capabilities: &["load"],
    input: || {
        let path = "A JSON file below a folder of the role: {\"name\", \"data\": {term: {\"id\", \"nterm\", \"url\"?}}}.";
        takes(1, [("automata_path", told(path)), ("role", role())])
    },
    output,
    call: |tools, arguments| Box::pin(load(tools, arguments)),
};

pub(super) static LOAD_JSON: Tool = Tool {
    name: "load_thesaurus_from_json",
    title: "Load a thesaurus",
    description: "Makes a thesaurus the role's active one, under its own name, until the server ends or the \
                  configuration changes.",
    effect: Effect::Loads,
    capabilities: &["load"],
    input: || {
        let json = "{\"name\", \"data\": {term: {\"id\", \"nterm\", \"url\"?}}} as a text.";
        takes(1, [("json_str", told(json)), ("role", role())])
    },
    output,
    call: |tools, arguments| Box::pin(load_json(tools, arguments)),
};

fn output() -> serde_json::Value {
    object(
        6,
        [
            ("role", text()),
            ("name", text()),
            ("concepts", count()),
            ("terms", count()),
            ("rejected", count()),
            ("rejected_terms", list(object(3, [("term", text()), ("concept", text()), ("reason", text())]))),
        ],
    )
}

#[derive(Serialize)]
struct LeftOut<'t> {
    term: &'t str,
    concept: &'t str,
    reason: String,
}

#[derive(Serialize)]
struct Loaded<'t> {
    role: &'t str,
    name: &'t str,
    concepts: usize,
    terms: usize,
    rejected: usize,
    /// The first of them.
    rejected_terms: Vec<LeftOut<'t>>,
}

async fn load(tools: &Tools, arguments: Arguments<'_>) -> Outcome {
    let given = arguments.words("automata_path", "the path of a JSON file", MAX_PATH_CHARS)?.trim();
    let path = path(given)?;
    let view = tools.library().load_thesaurus_file(arguments.text("role")?, &path).await?;
    loaded(&view)
}

/// The file that is meant; a URL of another kind than `file` means none.
fn path(given: &str) -> Result<PathBuf, ToolError> {
    let Some((scheme, rest)) = given.split_once("://") else { return Ok(PathBuf::from(given)) };
    let file = scheme.eq_ignore_ascii_case("file") && rest.starts_with('/') && !rest.contains('%');
    if file { Ok(Path::new(rest).to_owned()) } else { Err(ToolError::Url) }
}

async fn load_json(tools: &Tools, arguments: Arguments<'_>) -> Outcome {
    let text = arguments.document("json_str", "a thesaurus as JSON", MAX_TEXT_BYTES)?.to_owned();
    let thesaurus = blocking(move || Ok(Thesaurus::from_json(&text)?)).await?;
    let view = tools.library().load_thesaurus(arguments.text("role")?, thesaurus).await?;
    loaded(&view)
}

fn loaded(view: &RoleView) -> Outcome {
    let thesaurus = view.thesaurus();
    let rejected = thesaurus.rejected().iter().take(MAX_REJECTED).map(|rejected| LeftOut {
        term: &rejected.term,
        concept: &rejected.concept,
        reason: rejected.reason.to_string(),
    });
    let loaded = Loaded {
        role: &view.role().short_name,
        name: thesaurus.name(),
        concepts: thesaurus.concepts().len(),
        terms: thesaurus.terms().len(),
        rejected: thesaurus.rejected_count(),
        rejected_terms: rejected.collect(),
    };
    let told = format!(
        "Loaded `{}` for role {}: {} concepts, {} terms, {} left out.",
        loaded.name, loaded.role, loaded.concepts, loaded.terms, loaded.rejected
    );
    reply(&loaded, told)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_other_than_of_files_mean_no_path() {
        assert_eq!(path("kg/a.json").expect("a path"), Path::new("kg/a.json"));
        assert_eq!(path("file:///a/b.json").expect("a path"), Path::new("/a/b.json"));
        for url in ["https://example.org/t.json", "http://a", "file://host/a", "file:///a%20b", "ftp://x/y"] {
            assert!(matches!(path(url), Err(ToolError::Url)), "{url}");
        }
    }
}
