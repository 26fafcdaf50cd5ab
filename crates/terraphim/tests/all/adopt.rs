//! `terraphim adopt` there and back, with a client's files as people have them.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use crate::place::{BINARY, Place};

/// A place with servers of Claude Code in all three scopes, in files that no formatter would write.
fn adoptable() -> Place {
    let place = Place::new();
    let server = |name: &str| place.server(name, &[]).to_string();
    let project = format!(
        "// kept by hand\n{{\n\t\"mcpServers\": {{\r\n\t\t\"shared\": {} , // the team's\n\t}},\n  \"ünrelated\": [1,2 ,3]\n}}",
        server("shared")
    );
    place.file(".mcp.json", project);
    let folder = place.project("").display().to_string();
    let user = format!(
        "{{ \"numStartups\": 17,   \"mcpServers\": {{\"mine\":{}}},\n\n \"projects\": {{ {}: {{ \"mcpServers\": {{ \"local\": {} }} }},\n \"/elsewhere\": {{}} }} }}\n\n",
        server("mine"),
        json!(folder.trim_end_matches('/')),
        server("local")
    );
    fs::write(place.path("home/.claude.json"), user).expect("a file");
    place
}

/// Every file of the home, the configuration and the project, with its bytes.
fn files(place: &Place) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for folder in ["home", "config", "project"] {
        collect(&place.path(folder), &mut found);
    }
    found
}

fn collect(folder: &Path, found: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, found);
        } else {
            found.insert(path.clone(), fs::read(&path).expect("a file"));
        }
    }
}

const ADOPT: &[&str] = &["adopt", "--client", "claude"];

#[test]
fn servers_move_behind_terraphim_and_back_byte_for_byte() {
    let place = adoptable();
    place.file("program.ts", "");
    let before = files(&place);

    let adopted = place.terraphim(&[ADOPT, &["--yes"]].concat());
    for server in ["`local` (local)", "`shared` (project)", "`mine` (user)"] {
        assert!(adopted.success().contains(&format!("moves: {server}")), "{server}: {}", adopted.out);
    }
    let user = fs::read(place.path("home/.claude.json")).expect("the client's file");
    let user: Value = serde_json::from_slice(&user).expect("JSON");
    assert_eq!(user["mcpServers"], json!({ "terraphim": { "command": BINARY, "args": ["mcp"] } }));
    assert_eq!(user["numStartups"], 17);
    let project = fs::read_to_string(place.project(".mcp.json")).expect("the project's file");
    assert!(project.contains("// kept by hand") && project.contains("\"ünrelated\": [1,2 ,3]"), "{project}");
    assert!(!project.contains("\"shared\"") && project.contains(BINARY), "{project}");

    // The servers that were moved are there for programs, and terraphim itself is not one of them.
    let sum = "import { local, shared, mine } from 'mcp-servers'
const sums = await Promise.all([local, shared, mine].map(server => server.add({ a: 1, b: 1 })))
return [sums.map(reply => reply.sum), Object.keys(await import('mcp-servers')).sort()]";
    assert_eq!(place.run(sum).json(), json!([[2, 2, 2], ["local", "mine", "shared", "terraphim"]]));

    let again = place.terraphim(&[ADOPT, &["--yes"]].concat());
    assert!(again.success().starts_with("nothing to move"), "{}", again.out);

    place.terraphim(&[ADOPT, &["--undo"]].concat()).success();
    place.file("program.ts", "");
    assert_eq!(files(&place), before);
    let undone = place.terraphim(&[ADOPT, &["--undo"]].concat());
    assert!(undone.failure(1).contains("nothing to undo for `claude`"), "{}", undone.err);
}

#[test]
fn nobody_is_changed_without_being_asked() {
    let place = adoptable();
    let before = files(&place);
    let ended = place.terraphim(ADOPT);
    assert_eq!(ended.status.code(), Some(1));
    assert!(ended.out.contains("moves: `shared` (project)"), "the plan is shown: {}", ended.out);
    assert!(ended.err.contains("--yes") && ended.err.contains("nothing was changed"), "{}", ended.err);
    assert_eq!(files(&place), before);
}

#[test]
fn what_the_client_wrote_since_is_not_lost() {
    let place = adoptable();
    place.terraphim(&[ADOPT, &["--yes"]].concat()).success();
    let file = place.path("home/.claude.json");
    let written = fs::read_to_string(&file).expect("the client's file").replace(": 17", ": 18");
    fs::write(&file, &written).expect("a file");
    let refused = place.terraphim(&[ADOPT, &["--undo"]].concat());
    assert!(refused.failure(1).contains("written since"), "{}", refused.err);
    assert_eq!(fs::read_to_string(&file).expect("the client's file"), written);
    place.terraphim(&[ADOPT, &["--undo", "--keep-changes"]].concat()).success();
    let user: Value = serde_json::from_slice(&fs::read(&file).expect("the client's file")).expect("JSON");
    assert_eq!(user["numStartups"], 18);
    assert_eq!(user["mcpServers"]["mine"], place.server("mine", &[]));
}
