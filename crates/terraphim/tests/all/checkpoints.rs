//! Checkpoints: the workspace as it was, from programs and from the shell.

use std::fs;

use serde_json::json;

use crate::place::Place;

#[test]
fn a_program_keeps_the_workspace_and_puts_it_back() {
    let place = Place::new();
    let program = "
import { workspace } from 'mcp-runtime';
await workspace.saveData('a', 1);
const kept = await workspace.checkpoint('first');
await workspace.saveData('a', 2);
await workspace.saveData('b', 3);
const missing = await workspace.restore('second').catch(e => e.message);
const back = await workspace.restore('first');
return {
  kept: [kept.name, kept.files, kept.bytes], missing, back, names: await workspace.list(),
  a: await workspace.loadData('a'), all: (await workspace.checkpoints()).map(one => one.name),
};";
    let ran = place.run(program);
    assert_eq!(
        ran.json(),
        json!({
            "kept": ["first", 1, 1],
            "missing": "there is no checkpoint `second`; there are first",
            "back": { "name": "first", "when": "now", "changed": 2 },
            "names": ["a"],
            "a": 1,
            "all": ["before-restore", "first"],
        })
    );
    assert!(!place.workspace().join("data/b.json").exists());
}

#[test]
fn a_program_with_files_keeps_what_it_has_written_and_goes_back_at_its_end() {
    let place = Place::new();
    if !place.has_python() {
        return;
    }
    fs::create_dir_all(place.workspace()).expect("the workspace");
    fs::write(place.workspace().join("old.txt"), "old").expect("a file");
    let program = "
from mcp_runtime import workspace
open('new.txt', 'w').write('new')
kept = workspace.checkpoint('with-new')
open('new.txt', 'w').write('spoilt')
open('old.txt', 'w').write('spoilt')
open('more.txt', 'w').write('more')
back = workspace.restore('with-new')
[kept['files'], back['when'], open('new.txt').read()]";
    let ran = place.python(program, &[]);
    assert_eq!(ran.json(), json!([2, "at the end of the program", "spoilt"]));
    let left = |name: &str| fs::read_to_string(place.workspace().join(name)).ok();
    assert_eq!(left("old.txt").as_deref(), Some("old"));
    assert_eq!(left("new.txt").as_deref(), Some("new"));
    assert_eq!(left("more.txt"), None);
}

#[test]
fn the_shell_keeps_compares_and_puts_back() {
    let place = Place::new();
    let save = |name: &str| {
        let program =
            format!("import {{ workspace }} from 'mcp-runtime'\nawait workspace.saveData('{name}', 1)");
        place.run_with(&program, &["--session", "mine"]).success();
    };
    let workspace = |args: &[&str]| place.terraphim(&[&["workspace"], args, &["--session", "mine"]].concat());
    save("a");
    assert_eq!(workspace(&["checkpoint", "one"]).success(), "kept 1 files, 1 bytes, as `one`\n");
    assert_eq!(workspace(&["diff", "one"]).success(), "no difference\n");
    save("b");
    assert_eq!(workspace(&["diff", "one"]).success(), "+ data/b.json\n");
    let listed = workspace(&["list", "--json"]).json();
    let paths = |files: &serde_json::Value| {
        let files = files.as_array().expect("files").iter();
        files.map(|file| file["path"].as_str().expect("a path").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(paths(&listed["files"]), ["data/a.json", "data/b.json"]);
    assert_eq!(listed["checkpoints"][0]["name"], "one");
    assert_eq!(workspace(&["restore", "one"]).success(), "- data/b.json\n");
    assert_eq!(workspace(&["restore", "before-restore"]).success(), "+ data/b.json\n");
    workspace(&["forget", "one"]).success();
    let missing = workspace(&["restore", "one"]);
    assert!(missing.failure(1).contains("there is no checkpoint `one`; there are before-restore"));
    // Another workspace has checkpoints of its own.
    let other = place.terraphim(&["workspace", "list", "--json"]).json();
    assert_eq!((&other["files"], &other["checkpoints"]), (&json!([]), &json!([])));
}
