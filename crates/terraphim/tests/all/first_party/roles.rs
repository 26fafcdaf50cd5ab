//! Roles: named on each call, changed by a tool, kept beside the settings.

use std::fs;

use serde_json::{Value, json};

use super::{complaint, place, value};
use crate::{isolation::connection::Connection, place::Place, watch::eventually};

const GARDEN: &str = r#"{"name": "Garden", "data": {"tomatoes": {"id": 1, "nterm": "tomato"}}}"#;

/// A second role, over its own notes.
fn with_gardener() -> Place {
    let place = place();
    place.file("garden/tomatoes.md", "# Tomatoes\n\nTomatoes want sun.\n");
    place.file("garden/thesaurus.json", GARDEN);
    let mut settings = fs::read_to_string(place.project("terraphim.toml")).expect("settings");
    settings.push_str(
        "\n[[roles]]\nname = \"Gardener\"\nshort_name = \"gardener\"\nrelevance = \"bm25\"\n\
         knowledge_graph = \"garden/thesaurus.json\"\nhaystacks = [{ path = \"garden\" }]\n",
    );
    place.file("terraphim.toml", settings);
    place
}

#[test]
fn each_call_has_the_role_that_it_names() {
    let place = with_gardener();
    let program = "
        import { terraphim } from 'mcp-servers';
        const text = 'async rust and tomatoes';
        const roles = ['engineer', 'Gardener', undefined, 'GARDENER', 'engineer'];
        return await Promise.all(roles.map(async role => {
          const found = await terraphim.find_matches({ text, role });
          const [first] = await terraphim.search({ query: 'tomatoes rust', role, limit: 1 });
          const terms = await terraphim.autocomplete_terms({ query: 'tom', role });
          return [found.map(match => match.concept).join(), first.path.includes('tomatoes'), terms.length > 0];
        }));";
    let engineer = json!(["rust-async", false, false]);
    let gardener = json!(["tomato", true, true]);
    let expected = json!([engineer, gardener, engineer, gardener, engineer]);
    assert_eq!(place.run(program).json(), expected);
    let by_option = "import { terraphim } from 'mcp-servers';
        return (await terraphim.find_matches({ text: 'tomatoes' })).length";
    assert_eq!(place.run_with(by_option, &["--role", "gardener"]).json(), 1);
}

/// Changes the configuration from within a program and looks at once.
fn updated(place: &Place, config: &Value, text: &str) -> Value {
    let program = format!(
        "import {{ terraphim }} from 'mcp-servers';
         const config_str = {};
         const before = await terraphim.find_matches({{ text: '{text}' }});
         const changed = await terraphim.update_config_tool({{ config_str }});
         const after = await terraphim.find_matches({{ text: '{text}' }});
         return {{ before: before.length, changed, after: after.length }};",
        Value::from(config.to_string())
    );
    place.run_with(&program, &["--allow", "terraphim.update_config_tool"]).json()
}

#[test]
fn a_change_is_in_force_at_once_and_for_good() {
    let place = with_gardener();
    let settings = fs::read(place.project("terraphim.toml")).expect("settings");
    let result = updated(&place, &json!({ "default_role": "gardener" }), "tomatoes");
    assert_eq!((&result["before"], &result["after"]), (&json!(0), &json!(1)), "{result}");
    assert_eq!(result["changed"]["default_role"], "gardener");
    assert_eq!(fs::read(place.project("terraphim.toml")).expect("settings"), settings, "never written");
    let managed = place.project("terraphim.managed.json");
    assert!(result["changed"]["file"].as_str().is_some_and(|file| file.ends_with("terraphim.managed.json")));
    assert_eq!(
        value(&place, "find_matches", &json!({ "text": "tomatoes" })).as_array().map(Vec::len),
        Some(1)
    );

    // However the settings are named, they are the same.
    let args = ["kg", "search", "sun", "--json", "--config", "garden/../terraphim.toml"];
    assert_eq!(place.terraphim(&args).json()["total"], 1);

    let role = json!({
        "name": "Cook", "short_name": "cook", "relevance": "bm25plus", "haystacks": [{ "path": "garden" }],
    });
    let config = json!({ "default_role": "cook", "roles": [role] });
    let result = updated(&place, &config, "tomatoes");
    assert_eq!(
        result["changed"]["roles"],
        json!([{ "name": "Cook", "short_name": "cook", "relevance": "bm25plus" }])
    );
    let found = value(&place, "search", &json!({ "query": "sun" }));
    assert_eq!(found[0]["url"], "terraphim://notes/cook/tomatoes.md", "{found}");

    // The user changes the roles: these are the newer ones.
    let mut settings = String::from_utf8(settings).expect("UTF-8");
    settings = settings.replace("default_role = \"engineer\"", "default_role = \"Gardener\"");
    place.file("terraphim.toml", &settings);
    let found = value(&place, "search", &json!({ "query": "sun" }));
    assert_eq!(found[0]["url"], "terraphim://notes/gardener/tomatoes.md", "{found}");
    // Another change of the settings is none of the roles.
    let result = updated(&place, &json!({ "default_role": "engineer" }), "async rust");
    assert_eq!((&result["before"], &result["after"]), (&json!(0), &json!(1)), "{result}");
    place.file("terraphim.toml", settings.replacen("default_role", "allow = []\ndefault_role", 1));
    assert_eq!(
        value(&place, "find_matches", &json!({ "text": "async rust" })).as_array().map(Vec::len),
        Some(1)
    );

    fs::write(&managed, "{}").expect("written");
    let broken = place.run("return 1");
    assert!(
        broken.failure(2).contains("terraphim.managed.json` is not what update_config_tool wrote"),
        "{}",
        broken.err
    );
    fs::remove_file(&managed).expect("removed");
    assert_eq!(place.run("return 1").json(), 1);
}

#[test]
fn the_role_of_one_command_line_is_not_kept() {
    let place = with_gardener();
    let role = |name: &str, path: &str| json!({ "name": name, "short_name": name, "relevance": "bm25", "haystacks": [{ "path": path }] });
    let config = json!({ "roles": [role("engineer", "notes"), role("gardener", "garden")] });
    let program = format!(
        "import {{ terraphim }} from 'mcp-servers';
         return await terraphim.update_config_tool({{ config_str: {} }})",
        Value::from(config.to_string())
    );
    let args = ["--role", "gardener", "--allow", "terraphim.*"];
    assert_eq!(place.run_with(&program, &args).json()["default_role"], "gardener");
    let kept = fs::read_to_string(place.project("terraphim.managed.json")).expect("what is kept");
    assert!(kept.contains("\"default_role\": \"engineer\""), "{kept}");
}

#[test]
fn a_change_reaches_other_processes_that_run() {
    let place = with_gardener();
    let mut other = Connection::open_with(&place, &["--expose", "tools"]);
    let text = json!({ "text": "tomatoes" });
    assert_eq!(other.call("find_matches", text.clone())["structuredContent"]["total"], 0);
    let program = "import { terraphim } from 'mcp-servers';
        return await terraphim.update_config_tool({ config_str: '{\"default_role\": \"gardener\"}' })";
    place.file("program.ts", program);
    place.start(&["run", "program.ts", "--allow", "terraphim.*"]).end().json();
    eventually("the other process follows", || {
        other.call("find_matches", text.clone())["structuredContent"]["total"] == 1
    });
    fs::remove_file(place.project("terraphim.managed.json")).expect("removed");
    eventually("and goes back", || {
        other.call("find_matches", text.clone())["structuredContent"]["total"] == 0
    });
}

#[test]
fn a_wrong_change_changes_nothing() {
    let place = with_gardener();
    fs::create_dir(place.path("outside")).expect("a folder");
    std::os::unix::fs::symlink(place.path("outside"), place.project("garden/link")).expect("a link");
    let role = |path: &str, relevance: &str| {
        json!({ "roles": [{
            "name": "Engineer", "short_name": "engineer", "relevance": relevance, "haystacks": [{ "path": path }],
        }] })
    };
    let outside = place.path("outside").display().to_string();
    for (config, told) in [
        (role(&outside, "bm25"), "outside of the folders that are allowed"),
        (role("/", "bm25"), "outside of the folders that are allowed"),
        (role("..", "bm25"), "outside of the folders that are allowed"),
        (role("garden/link", "bm25"), "outside of the folders that are allowed"),
        (role("nowhere", "bm25"), "cannot be found"),
        (role("garden", "tf-idf"), "is not a configuration"),
        (role("garden", "terraphim-graph"), "set `knowledge_graph`"),
        (json!({ "default_role": "nobody" }), "is none of the roles"),
        (json!({ "roles": [], "default_role": "engineer" }), "is none of the roles"),
        (json!({ "allow": ["*"] }), "is not a configuration"),
    ] {
        let message = complaint(&place, "update_config_tool", &json!({ "config_str": config.to_string() }));
        assert!(message.contains(told), "{config}: {message}");
    }
    assert!(!place.project("terraphim.managed.json").exists());
    let found = value(&place, "find_matches", &json!({ "text": "async rust" }));
    assert_eq!(found.as_array().map(Vec::len), Some(1));
}

#[test]
fn folders_that_the_settings_name_may_be_used() {
    let place = place();
    place.file("more/sun.md", "Sun.\n");
    let settings = fs::read_to_string(place.project("terraphim.toml")).expect("settings");
    place.file("terraphim.toml", format!("roots = [\"more\"]\n{settings}"));
    let role = json!({ "name": "More", "short_name": "more", "relevance": "bm25", "haystacks": [{ "path": "more" }] });
    let config = json!({ "roles": [role], "default_role": "more" });
    value(&place, "update_config_tool", &json!({ "config_str": config.to_string() }));
    assert_eq!(value(&place, "search", &json!({ "query": "sun" }))[0]["path"], "sun.md");
}
