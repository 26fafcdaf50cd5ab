//! Whole trees: a golden file for each fixture server and language, made anew with `UPDATE_EXPECT=1`,
//! and what holds for the trees of any servers.

use std::{collections::HashSet, fs, path::Path, sync::Arc};

use expect_test::expect_file;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use terraphim_mcp_codegen::{
    DiscoveryIndex, Reach, ServerTools, TreeFile, docs, module_declarations, server_modules, tree, tree_of,
};
use terraphim_types::{Language, ObservedResult, ServerName, ToolDefinition};

use crate::{definitions::tool, hostile::schema};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/types");
const LANGUAGES: [(Language, &str); 4] =
    [(Language::TypeScript, "ts"), (Language::Python, "py"), (Language::Rust, "rs"), (Language::Bash, "sh")];

/// The fixture servers, in the order of their names.
fn fixtures() -> Vec<ServerTools> {
    let mut paths: Vec<_> = fs::read_dir(FOLDER)
        .expect("fixtures")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|kind| kind == "jsonl"))
        .collect();
    paths.sort();
    paths.iter().map(|path| fixture(path)).collect()
}

fn fixture(path: &Path) -> ServerTools {
    let text = fs::read_to_string(path).expect("a fixture");
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let tools: Vec<ToolDefinition> = lines
        .iter()
        .map(|line| {
            let mut made = tool(line["tool"].clone());
            made.observed = line.get("observed").map(|seen| {
                let observations = seen["observations"].as_u64().expect("a number");
                Arc::new(ObservedResult { schema: seen["schema"].clone(), observations })
            });
            made
        })
        .collect();
    let text = |name: &str| lines[0][name].as_str().expect("a text").to_owned();
    ServerTools {
        server: ServerName::new(&text("server")).expect("a name"),
        description: Some(text("serverDescription")),
        tools: tools.into(),
    }
}

/// The files of one server, one after the other; what stands above the servers is in `README`.
fn shown(files: &[TreeFile], server: &ServerName) -> String {
    let own = files.iter().filter(|file| file.server.as_ref() == Some(server));
    own.map(|file| format!("==> {} <==\n{}\n", file.path, file.text)).collect()
}

#[test]
fn each_server_gives_its_golden_files() {
    for server in fixtures() {
        for (language, extension) in LANGUAGES {
            let files = tree(language, std::slice::from_ref(&server), |_| true);
            let golden = format!("{FOLDER}/{}.{extension}.golden", server.server);
            expect_file![golden].assert_eq(&shown(&files, &server.server));
        }
    }
}

#[test]
fn what_stands_above_the_servers_names_them() {
    for (language, extension) in LANGUAGES {
        let files = tree(language, &fixtures(), |_| true);
        let above = files.iter().filter(|file| file.server.is_none() && !file.path.contains("mcp"));
        let above: String = above.map(|file| format!("==> {} <==\n{}\n", file.path, file.text)).collect();
        expect_file![format!("{FOLDER}/above.{extension}.golden")].assert_eq(&above);
    }
}

#[test]
fn files_do_not_change_with_the_number_of_observations() {
    let seen = |observations| {
        let mut made = tool(json!({ "name": "list" }));
        let schema = json!({ "type": "array", "items": { "type": "string" } });
        made.observed = Some(Arc::new(ObservedResult { schema, observations }));
        ServerTools { server: ServerName::new("up").unwrap(), description: None, tools: Arc::from([made]) }
    };
    for (language, _) in LANGUAGES {
        let text = |observations| tree(language, &[seen(observations)], |_| true);
        assert_eq!(text(1), text(7_000));
        let says = |file: &TreeFile| {
            file.text.contains("nferred from what calls answered; not declared by the server")
        };
        assert!(language == Language::Rust || text(1).iter().any(says), "{language}");
    }
}

#[test]
fn indexes_mark_servers_that_were_not_reached() {
    for (language, _) in LANGUAGES {
        let files = tree_of(language, &fixtures(), |server| {
            Some(if server.as_str() == "lists" { Reach::NotReached } else { Reach::Reached })
        });
        let marked: Vec<_> = files.iter().filter(|file| file.text.contains("not reached when")).collect();
        assert!(marked.iter().all(|file| file.server.is_none()), "{marked:?}");
        // Bash has no index but the README.
        assert_eq!(marked.len(), if language == Language::Bash { 1 } else { 2 }, "{language}");
        assert!(marked.iter().all(|file| file.text.matches("not reached when").count() == 1), "{marked:?}");
    }
}

/// The words of a text outside of comments and literals.
fn code(file: &TreeFile) -> Vec<String> {
    let mut words = String::new();
    let mut in_comment = false;
    for line in file.text.lines() {
        let line = line.trim();
        in_comment |= line.starts_with("/*");
        if !in_comment && !line.starts_with('#') {
            for (at, part) in line.replace("\\\"", "").split('"').enumerate() {
                words.push_str(if at % 2 == 0 { part } else { "" });
            }
            words.push('\n');
        }
        in_comment &= !line.ends_with("*/");
    }
    words.split(|c: char| !c.is_alphanumeric() && c != '_').map(str::to_owned).collect()
}

#[test]
fn nothing_is_any() {
    for (language, word) in [(Language::TypeScript, "any"), (Language::Python, "Any")] {
        let files = tree(language, &fixtures(), |_| true);
        // One fixture has arguments of that name; a type of that name would follow a colon or a bracket.
        let typed = |file: &&TreeFile| {
            let words = code(file);
            words.iter().filter(|one| *one == word).count() > usize::from(file.text.contains("any?: "))
        };
        let found: Vec<_> = files.iter().filter(typed).map(|file| &file.path).collect();
        assert!(found.is_empty(), "{found:?}");
    }
}

/// The tree without indexes, which follow the order of the list.
fn tools_alone(language: Language, server: &ServerTools) -> HashSet<(String, String)> {
    let files = tree(language, std::slice::from_ref(server), |_| true);
    let is_index = |path: &str| {
        ["index.ts", "__init__.pyi", "/mod.rs", "INDEX.txt"].iter().any(|index| path.ends_with(index))
    };
    let files = files.into_iter().filter(|file| !is_index(&file.path));
    files.map(|file| (file.path, file.text)).collect()
}

#[test]
fn names_do_not_depend_on_the_order_of_a_list() {
    for mut server in fixtures() {
        // Of tools with one name the first counts, so that their order does matter.
        let mut seen = HashSet::new();
        let tools: Vec<_> =
            server.tools.iter().filter(|tool| seen.insert(tool.name.clone())).cloned().collect();
        server.tools = tools.iter().cloned().collect();
        let reversed = ServerTools { tools: tools.iter().rev().cloned().collect(), ..server.clone() };
        for (language, _) in LANGUAGES {
            assert_eq!(tools_alone(language, &server), tools_alone(language, &reversed), "{}", server.server);
        }
        let declared = |server: &ServerTools| {
            let named = server_modules(&[(&server.server, server.tools.as_ref())]);
            let text = module_declarations(&named[0], None, &server.tools);
            let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
            lines.sort();
            lines
        };
        assert_eq!(declared(&server), declared(&reversed), "{}", server.server);
    }
}

#[test]
fn a_name_made_of_a_word_of_the_language_gives_way_to_a_tools_own() {
    let members = |names: &[&str]| {
        let tools = names.iter().map(|name| tool(json!({ "name": name }))).collect();
        let server = ServerTools { server: ServerName::new("up").unwrap(), description: None, tools };
        let files = tree(Language::Python, &[server], |_| true);
        let index = files.iter().find(|file| file.path == "mcp_servers/up/__init__.pyi").expect("an index");
        let mut members: Vec<String> = index
            .text
            .lines()
            .filter(|line| line.contains(": ") && !line.starts_with('#'))
            .map(str::to_owned)
            .collect();
        members.sort();
        members
    };
    let both = members(&["from", "from_"]);
    assert_eq!(both, members(&["from_", "from"]));
    assert_eq!(both.iter().filter(|line| line.starts_with("from_: ")).count(), 1, "{both:?}");
    assert_eq!(members(&["from"]).len(), 1, "alone it has the name");
}

#[test]
fn names_do_not_depend_on_what_is_wanted() {
    let servers = ["a-b", "a_b"].map(|name| ServerTools {
        server: ServerName::new(name).unwrap(),
        description: None,
        tools: Arc::from([tool(json!({ "name": "t" }))]),
    });
    for (language, _) in LANGUAGES {
        let all = tree(language, &servers, |_| true);
        for server in &servers {
            let one = tree(language, &servers, |wanted| *wanted == server.server);
            assert!(one.iter().any(|file| file.server.is_some()));
            for file in one.iter().filter(|file| file.server.is_some()) {
                assert!(all.contains(file), "{}", file.path);
                assert_eq!(file.server.as_ref(), Some(&server.server));
            }
        }
    }
}

#[test]
fn results_that_were_seen_are_marked_in_docs() {
    let servers: Vec<_> = fixtures().into_iter().filter(|it| it.server.as_str() == "inferred").collect();
    let index = DiscoveryIndex::build(&servers);
    let asked = |name: &str, language| docs(&index, &[format!("inferred.{name}")], language).docs.remove(0);
    for (language, result) in [
        (Language::TypeScript, "{ id: number; name?: string | null }[]"),
        (Language::Python, "list[ListItemsItem]"),
        (Language::Rust, r#"Value like [{"id": integer, "name"?: string|null}]"#),
        (Language::Bash, r#"[{"id": integer, "name"?: string|null}]"#),
    ] {
        let seen = asked("list_items", language);
        assert_eq!(seen.result, result);
        let note = "inferred from 12 results; not declared by the server";
        assert_eq!(seen.result_note().as_deref(), Some(note));
        // A declared result counts, whatever was seen.
        assert_eq!(asked("declared", language).result_note(), None);
    }
    assert_eq!(asked("declared", Language::TypeScript).result, "{ a: string; b?: string }");
}

/// What holds for every tree: paths that are safe anywhere and differ without regard to case.
fn assert_safe(files: &[TreeFile]) {
    let mut seen = HashSet::new();
    for file in files {
        assert!(seen.insert(file.path.to_lowercase()), "{} stands twice", file.path);
        for part in file.path.split('/') {
            let plain = part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
            let (stem, _) = part.split_once('.').unwrap_or((part, ""));
            let device = ["con", "prn", "aux", "nul", "com1"].contains(&stem.to_lowercase().as_str());
            assert!(plain && !stem.is_empty() && !device && part.len() <= 80, "{}", file.path);
        }
    }
}

#[test]
fn paths_are_safe_whatever_the_names() {
    for (language, _) in LANGUAGES {
        assert_safe(&tree(language, &fixtures(), |_| true));
    }
    let named = (".*", proptest::collection::vec(("\\PC{0,12}|[.a-zA-Z/\\\\:_-]{1,6}", schema()), 1..4));
    TestRunner::new(Config { cases: 64, failure_persistence: None, ..Config::default() })
        .run(&(named, 0..4_usize), |((description, tools), language)| {
            let tools: Vec<_> = tools
                .into_iter()
                .map(|(name, schema)| {
                    tool(json!({ "name": name, "inputSchema": schema, "outputSchema": schema }))
                })
                .collect();
            let server = ServerTools {
                server: ServerName::new("s").unwrap(),
                description: Some(description),
                tools: tools.into(),
            };
            assert_safe(&tree(LANGUAGES[language].0, &[server], |_| true));
            Ok(())
        })
        .unwrap();
}
