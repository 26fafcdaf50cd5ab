//! `terraphim tools`: the catalogue from the shell.

use std::{fs, path::Path, time::SystemTime};

use expect_test::expect;
use serde_json::{Value, json};

use crate::place::Place;

fn place() -> Place {
    Place::with_servers(&[("up", &["--instructions", "Numbers and notes."]), ("gone", &["--crash-at-start"])])
}

#[test]
fn tools_are_listed_by_server() {
    let place = place();
    let ended = place.terraphim(&["tools", "list"]);
    let (own, configured) = ended.success().split_once("\nup (").expect("both servers");
    assert!(own.starts_with("terraphim (") && own.contains("\n  terraphim.search"), "{own}");
    expect![[r#"
        13 tools, ready)
          up.echo
          up.add
          up.write_note
          up.big
          up.fail
          up.image
          up.slow
          up.text_json
          up.list_items
          up.env
          up.cancelled
          up.grow
          up.odd_schema
        gone (0 tools, failed: it exited with status 7; its standard error ends with:
        fatal: the test upstream was told to crash)
    "#]]
    .assert_eq(configured);
    let listed = place.terraphim(&["tools", "list", "--json"]).json();
    let servers = listed["servers"].as_array().expect("servers");
    let states: Vec<_> = servers.iter().map(|server| (&server["server"], &server["state"])).collect();
    let (ready, failed) = (json!("ready"), json!("failed"));
    assert_eq!(states, [(&json!("terraphim"), &ready), (&json!("up"), &ready), (&json!("gone"), &failed)]);
    assert!(servers[1]["tools"].as_array().is_some_and(|tools| tools.contains(&json!("add"))), "{listed}");
    assert_eq!(servers[1]["reason"], Value::Null);
    assert!(servers[2]["reason"].as_str().is_some_and(|reason| reason.contains("status 7")), "{listed}");
}

#[test]
fn tools_are_found_by_words() {
    let place = place();
    let found = place.terraphim(&["tools", "search", "add numbers", "--limit", "1"]);
    expect![[r#"
        up.add
            Adds two numbers.
            add(args: { a: number; b: number }): Promise<unknown>
    "#]]
    .assert_eq(found.success());
    assert!(found.err.starts_with("warning: `gone` is not searched: "), "{}", found.err);
    let found = place.terraphim(&["tools", "search", "notes", "--server", "up", "--json"]).json();
    assert_eq!(found["tools"][0]["name"], "up.write_note");
    assert_eq!(found["unavailable"][0]["server"], "gone");
    let nothing = place.terraphim(&["tools", "search", "zzzqqqxxx"]);
    assert!(nothing.failure(1).contains("no tool fits"), "{}", nothing.err);
    let nothing = place.terraphim(&["tools", "search", "zzzqqqxxx", "--json"]).json();
    assert_eq!(nothing["tools"], json!([]));
}

#[test]
fn documents_show_how_a_tool_is_called() {
    let place = place();
    expect![[r#"
        up.add
          Adds two numbers.

          function add(args: { a: number; b: number }): Promise<unknown>;

          result: unknown
          example: const result = await up.add({ a: 1, b: 1 });
    "#]]
    .assert_eq(place.terraphim(&["tools", "docs", "up.add"]).success());
    let docs = place.terraphim(&["tools", "docs", "up.add", "up.list_items", "--json"]).json();
    let names: Vec<_> = docs["docs"].as_array().expect("docs").iter().map(|doc| &doc["name"]).collect();
    assert_eq!(names, [&json!("up.add"), &json!("up.list_items")]);
    let unknown = place.terraphim(&["tools", "docs", "up.ad"]);
    assert_eq!(unknown.failure(1), "error: there is no tool `up.ad`: did you mean up.add?\n");
    let partly = place.terraphim(&["tools", "docs", "up.add", "up.ad", "--json"]).outcome(1);
    assert_eq!(partly["docs"][0]["name"], "up.add");
    assert_eq!(partly["unknown"][0], json!({ "name": "up.ad", "nearest": ["up.add"] }));
}

#[test]
fn the_example_of_a_document_runs() {
    let place = place();
    let docs = place.terraphim(&["tools", "docs", "up.add", "--json"]).json();
    let example = docs["docs"][0]["example"].as_str().expect("an example");
    let program = format!("import {{ up }} from 'mcp-servers'\n{example}\nreturn result");
    assert_eq!(place.run(&program).json(), json!({ "sum": 2 }));
}

#[test]
fn types_declare_every_tool() {
    let place = place();
    let ended = place.terraphim(&["tools", "types"]);
    let types = ended.success();
    for expected in [
        "declare module 'mcp-servers' {",
        "export const terraphim: {",
        "  export const up: {\n",
        "add: up.AddTool;",
        "writeNote: up.WriteNoteTool;",
        "type ListItemsResult = {",
    ] {
        assert!(types.contains(expected), "{expected}: {types}");
    }
    // What is printed is TypeScript: the sandbox's own compiler takes it.
    assert_eq!(place.run(&format!("{types}\nreturn 'it is'")).json(), "it is");
}

/// All files below a folder with their texts and times of change, sorted.
fn files(folder: &Path) -> Vec<(String, String, SystemTime)> {
    let (mut open, mut found) = (vec![folder.to_owned()], Vec::new());
    while let Some(path) = open.pop() {
        for entry in fs::read_dir(&path).expect("a folder") {
            let entry = entry.expect("an entry").path();
            if entry.is_dir() {
                open.push(entry);
                continue;
            }
            let name = entry.strip_prefix(folder).expect("inside").display().to_string();
            let changed = entry.metadata().and_then(|about| about.modified()).expect("a time");
            found.push((name, fs::read_to_string(&entry).expect("a text"), changed));
        }
    }
    found.sort();
    found
}

fn names(folder: &Path) -> Vec<String> {
    files(folder).into_iter().map(|(name, ..)| name).collect()
}

#[test]
fn types_are_kept_in_a_folder() {
    let place = place();
    let folder = place.path("types");
    let out = folder.display().to_string();
    let kept = |language: &str, more: &[&str]| {
        place.terraphim(&[&["tools", "types", "--lang", language, "--out", &out], more].concat())
    };
    let first = kept("ts", &[]);
    assert!(first.success().contains(" written, 0 unchanged, 0 removed"), "{}", first.out);
    assert!(first.err.contains("warning: `gone` did not start"), "{}", first.err);
    assert!(first.err.contains("warning: `gone` was not reached"), "{}", first.err);
    assert!(first.out.contains("; 1 server not reached"), "{}", first.out);
    assert!(kept("ts", &["--server", "gone"]).failure(1).contains("`gone` was not reached"));
    kept("ts", &[]).success();
    let before = files(&folder);
    let has = |name: &str| before.iter().any(|(file, ..)| file == name);
    for name in ["README.md", "tsconfig.json", "mcp-runtime.ts", "index.ts", "up/index.ts", "up/add.ts"] {
        assert!(has(name), "{name}: {:?}", names(&folder));
    }
    // What is as it should be is not touched.
    assert!(kept("ts", &[]).success().contains(": 0 written,"));
    assert_eq!(files(&folder), before);
    // What others put there stays, and what they changed of ours is written anew.
    fs::write(folder.join("up/mine.ts"), "export {};\n").unwrap();
    fs::write(folder.join("up/add.ts"), "spoilt").unwrap();
    assert!(kept("ts", &[]).success().contains(": 1 written,"));
    assert!(fs::read_to_string(folder.join("up/add.ts")).unwrap().contains("AddArgs"));
    // What is no longer asked for goes, unless somebody else changed it.
    fs::write(folder.join("up/fail.ts"), "// mine now\n").unwrap();
    let fewer = kept("ts", &["--server", "terraphim"]);
    assert!(fewer.success().contains(" removed"), "{}", fewer.out);
    assert!(fewer.err.contains("up/fail.ts was changed since it was written"), "{}", fewer.err);
    let left: Vec<_> = names(&folder).into_iter().filter(|name| name.starts_with("up/")).collect();
    assert_eq!(left, ["up/fail.ts", "up/mine.ts"]);
    // Nothing of others is written over, and no other language is mixed in.
    let refused = kept("ts", &[]);
    assert!(
        refused.failure(1).contains("fail.ts was not written by `terraphim tools types`"),
        "{}",
        refused.err
    );
    assert!(kept("py", &[]).failure(1).contains("holds types for typescript, not python"));
    let unknown = kept("ts", &["--server", "upp"]);
    assert_eq!(unknown.failure(1), "error: there is no server `upp`: did you mean up?\n");
}

#[test]
fn a_folder_whose_manifest_is_lost_is_taken_over_by_first_lines() {
    let place = place();
    let folder = place.path("types");
    let out = folder.display().to_string();
    let kept = |more: &[&str]| place.terraphim(&[&["tools", "types", "--out", &out], more].concat());
    kept(&[]).success();
    let whole = files(&folder);
    assert!(whole.iter().all(|(name, text, _)| {
        name.starts_with('.')
            || text.starts_with("// Generated by `terraphim tools types` for typescript;")
            || name.ends_with(".md")
    }));
    fs::remove_file(folder.join(".terraphim-types.json")).unwrap();
    // One that was cut off, one of a tool that is gone, one of another's, one that only looks so from afar.
    let ours = fs::read_to_string(folder.join("up/add.ts")).unwrap();
    fs::write(folder.join("up/add.ts"), ours.lines().next().unwrap()).unwrap();
    fs::write(folder.join("up/gone.ts"), &ours).unwrap();
    fs::write(folder.join("mine.ts"), "export {};\n").unwrap();
    fs::write(folder.join("up/mine.ts"), format!("\n{ours}")).unwrap();
    let again = kept(&[]);
    assert!(again.success().contains(": 1 written,") && again.out.contains(" 1 removed"), "{}", again.out);
    let others = |(name, ..): &(String, String, SystemTime)| !name.contains("mine.ts");
    let texts = |files: Vec<(String, String, SystemTime)>| -> Vec<(String, String)> {
        files.into_iter().filter(others).map(|(name, text, _)| (name, text)).collect()
    };
    assert_eq!(texts(files(&folder)), texts(whole));
    assert!(folder.join("mine.ts").exists() && folder.join("up/mine.ts").exists());
    // Another language is known by the first line too.
    fs::remove_file(folder.join(".terraphim-types.json")).unwrap();
    assert!(kept(&["--lang", "py"]).failure(1).contains("holds types for typescript, not python"));
    // A file of somebody else's is not written over.
    fs::write(folder.join("up/add.ts"), "// mine\n").unwrap();
    assert!(kept(&[]).failure(1).contains("add.ts was not written by"));
    assert_eq!(fs::read_to_string(folder.join("up/add.ts")).unwrap(), "// mine\n");
}

#[test]
fn a_server_that_is_not_reached_keeps_its_files() {
    let place = place();
    let folder = place.path("types");
    let out = folder.display().to_string();
    let args = ["tools", "types", "--out", &out];
    let configured = fs::read_to_string(place.project(".mcp.json")).unwrap();
    let mut broken: Value = serde_json::from_str(&configured).unwrap();
    // Another command has no definitions from before.
    broken["mcpServers"]["up"] = json!({ "command": "/nowhere/to/be/found" });
    for manifest in ["kept", "lost"] {
        fs::write(place.project(".mcp.json"), &configured).unwrap();
        place.terraphim(&args).success();
        let of_up = || -> Vec<_> {
            files(&folder).into_iter().filter(|(name, ..)| name.starts_with("up/")).collect()
        };
        let before = of_up();
        assert!(before.iter().any(|(name, ..)| name == "up/add.ts"), "{:?}", names(&folder));
        fs::write(place.project(".mcp.json"), broken.to_string()).unwrap();
        if manifest == "lost" {
            fs::remove_file(folder.join(".terraphim-types.json")).unwrap();
        }
        let ended = place.terraphim(&args);
        assert!(ended.success().contains("; 2 servers not reached"), "{}", ended.out);
        assert!(
            ended.err.contains("warning: `up` was not reached: what is there of it stays"),
            "{}",
            ended.err
        );
        assert_eq!(of_up(), before, "{manifest}");
        let readme = fs::read_to_string(folder.join("README.md")).unwrap();
        assert!(readme.contains("- [up](up) (not reached when this was written"), "{readme}");
        let index = fs::read_to_string(folder.join("index.ts")).unwrap();
        assert!(index.contains("from before */\nexport * as up from './up';"), "{index}");
    }
}

#[test]
fn nothing_outside_of_the_folder_is_written() {
    let place = place();
    let (folder, other) = (place.path("types"), place.path("other"));
    fs::create_dir_all(&folder).unwrap();
    fs::create_dir_all(&other).unwrap();
    let out = folder.display().to_string();
    let args = ["tools", "types", "--out", &out];
    // A link in the place of a folder or of a file is not followed.
    std::os::unix::fs::symlink(&other, folder.join("up")).unwrap();
    let refused = place.terraphim(&args);
    assert!(refused.failure(1).contains("types/up is not a plain folder"), "{}", refused.err);
    assert_eq!(names(&other), Vec::<String>::new());
    assert_eq!(names(&folder), Vec::<String>::new(), "nothing is written before all is looked at");
    fs::remove_file(folder.join("up")).unwrap();
    fs::write(other.join("README.md"), "other").unwrap();
    std::os::unix::fs::symlink(other.join("README.md"), folder.join("README.md")).unwrap();
    assert!(place.terraphim(&args).failure(1).contains("README.md is not a plain file"));
    assert_eq!(fs::read_to_string(other.join("README.md")).unwrap(), "other");
    fs::remove_file(folder.join("README.md")).unwrap();
    // A list of written files that names others is not believed.
    let lie = r#"{"language":"typescript","files":{"../other/README.md":{"sha256":"x"}}}"#;
    fs::write(folder.join(".terraphim-types.json"), lie).unwrap();
    assert!(place.terraphim(&args).failure(1).contains("is no list of written files"));
    assert_eq!(names(&other), ["README.md"]);
    fs::remove_file(folder.join(".terraphim-types.json")).unwrap();
    place.terraphim(&args).success();
}

#[test]
fn types_are_printed_for_each_language() {
    let place = place();
    for (language, expected) in [
        ("py", "def __call__(self, *, a: float, b: float) -> Call[object]: ..."),
        ("rust", "pub fn add(arguments: Add) -> Result<Value>"),
        ("bash", "mcp call up.add a:=number b:=number"),
    ] {
        let printed = place.terraphim(&["tools", "types", "--lang", language, "--server", "up"]);
        assert!(printed.success().contains(expected), "{language}: {}", printed.out);
        assert!(!printed.out.contains("autocomplete_terms"), "{language}: another server is printed");
        assert!(printed.err.contains("13 tools of 1 servers for "), "{language}: {}", printed.err);
    }
}
