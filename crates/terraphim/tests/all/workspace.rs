//! The workspace: what one run saves, the next one finds.

use std::fs;

use serde_json::json;

use crate::place::Place;

#[test]
fn saved_data_outlives_the_run() {
    let place = Place::new();
    let saving = "
import { workspace } from 'mcp-runtime';
return await workspace.saveData('found', { when: new Date(0), big: 1n, list: [1, { a: 'ä' }] })";
    let saved = place.run(saving);
    assert_eq!(saved.json()["path"], "data/found.json");
    let file = place.workspace().join("data/found.json");
    assert_eq!(saved.err, format!("kept {} ({} bytes)\n", file.display(), saved.json()["bytes"]));
    let loading = "
import { workspace } from 'mcp-runtime';
return [await workspace.loadData('found'), await workspace.list()]";
    let expected =
        json!([{ "when": "1970-01-01T00:00:00.000Z", "big": "1", "list": [1, { "a": "ä" }] }, ["found"]]);
    assert_eq!(place.run(loading).json(), expected);
}

#[test]
fn another_folder_is_another_workspace() {
    let place = Place::new();
    let save = "import { workspace } from 'mcp-runtime'\nawait workspace.saveData('a', 1)\nreturn await workspace.list()";
    let list = "import { workspace } from 'mcp-runtime'\nreturn await workspace.list()";
    assert_eq!(place.run_with(save, &["--workspace", "mine"]).json(), json!(["a"]));
    assert_eq!(fs::read_to_string(place.project("mine/data/a.json")).expect("the data"), "1");
    assert_eq!(place.run_with(list, &["--workspace", "mine"]).json(), json!(["a"]));
    assert_eq!(place.run(list).json(), json!([]));
}

#[test]
fn missing_names_and_bad_names_are_explained() {
    let place = Place::new();
    let program = "
import { workspace } from 'mcp-runtime';
await workspace.saveData('here', 1);
const missing = await workspace.loadData('there').catch(e => [e.server, e.tool, e.message]);
const bad = [];
for (const name of ['../out', '/etc/passwd', '.hidden', '', 'a/b', 'x'.repeat(200)]) {
  bad.push(await workspace.saveData(name, 1).then(() => 'saved', e => e.message.includes('cannot be a name')));
}
const cyclic: any = {}; cyclic.self = cyclic;
const cycle = await (async () => workspace.saveData('cycle', cyclic))().catch(e => e.name);
return { missing, bad, cycle, list: await workspace.list() }";
    assert_eq!(
        place.run(program).json(),
        json!({
            "missing": ["workspace", "loadData", "nothing is kept under `there`; there are here"],
            "bad": [true, true, true, true, true, true],
            "cycle": "TypeError",
            "list": ["here"],
        })
    );
    assert!(!place.path("data/terraphim/workspace/out.json").exists());
}

#[test]
fn every_listed_name_can_be_loaded() {
    let place = Place::new();
    let program = "
import { workspace } from 'mcp-runtime';
for (const name of ['plain', 'table.json', 'v1.2', 'x'.repeat(128), 'größe']) {
  await workspace.saveData(name, name).catch(() => 0);
}
const names = await workspace.list();
return Promise.all(names.map(async name => [name, (await workspace.loadData(name)) === name]))";
    let loaded = place.run(program).json();
    let loaded = loaded.as_array().expect("a list");
    assert!(loaded.len() >= 4 && loaded.iter().all(|pair| pair[1] == true), "{loaded:?}");
}

#[test]
fn a_link_in_the_workspace_leads_nowhere() {
    let place = Place::new();
    let secret = place.path("secret.json");
    fs::write(&secret, "\"secret\"").expect("a file");
    fs::create_dir_all(place.workspace().join("data")).expect("a folder");
    std::os::unix::fs::symlink(&secret, place.workspace().join("data/link.json")).expect("a link");
    let program = "
import { workspace } from 'mcp-runtime';
const read = await workspace.loadData('link').catch(() => 'refused');
await workspace.saveData('link', 'mine');
return [read, await workspace.loadData('link')]";
    assert_eq!(place.run(program).json(), json!(["refused", "mine"]));
    assert_eq!(fs::read_to_string(&secret).expect("the secret"), "\"secret\"", "it was not written through");
}
