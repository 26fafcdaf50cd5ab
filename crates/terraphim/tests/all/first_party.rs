//! The built-in server's tools: from programs, from a client, from a shell.

mod documents;
mod roles;
mod savings;
mod shell;
mod tools;

use std::{fs, path::Path};

use serde_json::Value;

use crate::place::Place;

const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples");

/// A place with a copy of the examples as its project.
fn place() -> Place {
    let place = Place::new();
    fill(&place);
    place
}

pub(crate) fn fill(place: &Place) {
    for folder in ["kg", "notes"] {
        for entry in fs::read_dir(Path::new(EXAMPLES).join(folder)).expect("the examples") {
            let entry = entry.expect("a file");
            let name = entry.file_name().into_string().expect("a name in UTF-8");
            place.file(&format!("{folder}/{name}"), fs::read(entry.path()).expect("a file"));
        }
    }
    let settings = fs::read(Path::new(EXAMPLES).join("terraphim.toml")).expect("the settings");
    place.file("terraphim.toml", settings);
}

/// The message of a tool that a program calls and that fails.
fn complaint(place: &Place, tool: &str, arguments: &Value) -> String {
    let program = format!(
        "import {{ terraphim }} from 'mcp-servers';
         return await terraphim.{tool}({arguments}).then(() => null, error => error.message);"
    );
    let result = place.run_with(&program, &["--allow", "terraphim.*"]).json();
    result.as_str().unwrap_or_else(|| panic!("it did not fail: {result}")).to_owned()
}

/// What a tool gives to a program.
fn value(place: &Place, tool: &str, arguments: &Value) -> Value {
    let program =
        format!("import {{ terraphim }} from 'mcp-servers';\nreturn await terraphim.{tool}({arguments});");
    place.run_with(&program, &["--allow", "terraphim.*"]).json()
}

/// Words of the user's own knowledge graph find tools whose texts have others of the same meaning.
#[test]
fn words_of_the_knowledge_graph_find_tools() {
    let place = place();
    place.file("kg/text.md", "# Text\n\nWhat is written.\n\nsynonyms:: paragraphs, zorgle\n");
    let found = place.terraphim(&["tools", "search", "zorgle", "--explain"]);
    let found = found.success();
    assert!(found.contains("terraphim.extract_paragraphs_from_automata"), "{found}");
    assert!(found.contains("zorgle: synonym paragraphs"), "{found}");
    let program = "import { searchTools } from 'mcp-runtime';
        return (await searchTools('zorgle')).tools.map(tool => tool.name);";
    let names = place.run(program).json();
    assert!(names.as_array().is_some_and(|names| !names.is_empty()), "{names}");
}
