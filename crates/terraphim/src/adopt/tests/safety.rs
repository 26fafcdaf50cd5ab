//! Undo, changes by others, failures half-way, locks and links.

use super::*;

const SERVERS: &str = "{\n  \"mcpServers\": {\n    \"a\": {\"command\": \"a\"},\n    \"b\": {\"command\": \"b\"}\n  },\n  \"n\": 1\n}\n";

fn cursor() -> Machine {
    let machine = Machine::new();
    machine.write(".cursor/mcp.json", SERVERS);
    machine.write("work/shop/.cursor/mcp.json", r#"{"mcpServers":{"p":{"command":"p"}}}"#);
    machine
}

#[test]
fn undo_restores_files_modes_and_folders() {
    let machine = cursor();
    machine.set_mode(".cursor/mcp.json", 0o604);
    let before = machine.snapshot();
    machine.adopt(Client::Cursor);
    assert_ne!(machine.snapshot(), before);
    let receipt = machine.undo(Client::Cursor, UndoMode::Exact).expect("undone");
    assert_eq!(machine.snapshot(), before);
    let outcomes: Vec<_> = receipt.files.iter().map(|(_, restored)| *restored).collect();
    assert_eq!(outcomes, [Restored::Exactly, Restored::Exactly, Restored::Removed, Restored::Removed]);
    assert_eq!(receipt.message().lines().count(), 5);
    let error = machine.undo(Client::Cursor, UndoMode::Exact).expect_err("nothing left");
    assert!(matches!(error, AdoptError::NothingToUndo { client: Client::Cursor, .. }), "{error}");
}

#[test]
fn adopting_twice_changes_nothing_more() {
    let machine = cursor();
    machine.adopt(Client::Cursor);
    let once = machine.snapshot();
    let plan = machine.plan(Client::Cursor);
    assert!(plan.is_empty(), "{}", plan.diff());
    assert!(apply(&plan).expect("applied").written.is_empty());
    assert_eq!(machine.snapshot(), once);
}

#[test]
fn servers_added_since_and_other_projects_are_layers_of_one_record() {
    let mut machine = cursor();
    let other = machine.path("work/other");
    machine.write("work/other/.cursor/mcp.json", r#"{"mcpServers":{"q":{"command":"q"}}}"#);
    let before = machine.snapshot();
    machine.adopt(Client::Cursor);
    machine.places.project = other;
    let plan = machine.adopt(Client::Cursor);
    assert_eq!(plan.moves.len(), 1);
    machine.undo(Client::Cursor, UndoMode::Exact).expect("undone");
    assert_eq!(machine.snapshot(), before);

    // A server that came between two adoptions is kept, byte for byte where nothing else changed.
    machine.adopt(Client::Cursor);
    let between = machine.text(".cursor/mcp.json").replace("\"n\": 1", "\"n\": 2");
    let between = between.replace("\"terraphim\"", "\"late\": {\"command\": \"late\"},\n    \"terraphim\"");
    machine.write(".cursor/mcp.json", &between);
    assert_eq!(machine.adopt(Client::Cursor).moves.len(), 1);
    let refused = machine.undo(Client::Cursor, UndoMode::Exact).expect_err("changed between");
    assert!(matches!(refused, AdoptError::ChangedSinceApply { .. }), "{refused}");
    machine.undo(Client::Cursor, UndoMode::KeepChanges).expect("undone");
    assert_eq!(
        machine.json(".cursor/mcp.json"),
        json!({"mcpServers": {"late": {"command": "late"}, "a": {"command": "a"}, "b": {"command": "b"}}, "n": 2})
    );
    assert!(!machine.path(".config/terraphim").exists());
}

#[test]
fn a_file_changed_since_is_refused_and_nothing_is_restored() {
    let machine = cursor();
    let original = machine.snapshot();
    machine.adopt(Client::Cursor);
    let written = machine.text(".cursor/mcp.json");
    machine.write(".cursor/mcp.json", &written.replace("\"n\": 1", "\"n\": 2,\n  \"token\": \"hunter2\""));
    let before = machine.snapshot();
    let error = machine.undo(Client::Cursor, UndoMode::Exact).expect_err("changed since");
    assert_eq!(machine.snapshot(), before);
    let text = error.to_string();
    assert!(text.contains("changed since terraphim wrote it; nothing was restored"), "{text}");
    assert!(text.contains("-  \"n\": 2,\n-  \"token\": \"***\"\n+  \"n\": 1\n"), "{text}");
    assert!(!text.contains("hunter2"), "{text}");
    let AdoptError::ChangedSinceApply { files } = error else { panic!("{text}") };
    assert_eq!(
        files.iter().map(|file| file.path.clone()).collect::<Vec<_>>(),
        [machine.path(".cursor/mcp.json")]
    );

    machine.undo(Client::Cursor, UndoMode::Force).expect("forced");
    assert_eq!(machine.snapshot(), original);
}

#[test]
fn later_changes_can_be_kept() {
    let machine = cursor();
    machine.adopt(Client::Cursor);
    // As a client does that writes its whole state again.
    let mut state = machine.json(".cursor/mcp.json");
    state["n"] = json!(2);
    state["mcpServers"]["new"] = json!({"url": "https://x"});
    machine.write(".cursor/mcp.json", &state.to_string());
    let receipt = machine.undo(Client::Cursor, UndoMode::KeepChanges).expect("undone");
    assert!(receipt.files.contains(&(machine.path(".cursor/mcp.json"), Restored::Entries)));
    assert_eq!(
        machine.json(".cursor/mcp.json"),
        json!({"mcpServers": {"new": {"url": "https://x"}, "a": {"command": "a"}, "b": {"command": "b"}}, "n": 2})
    );
    assert!(!machine.path(".config/terraphim").exists() && !machine.path("work/shop/.terraphim").exists());
}

#[test]
fn entries_changed_since_are_refused_even_when_changes_are_kept() {
    type Edit = fn(&mut Value);
    let edits: [(&str, Edit); 3] = [
        ("`terraphim` was changed since", |state| {
            state["mcpServers"]["terraphim"]["args"] = json!(["mcp", "-v"])
        }),
        ("`a` is there again with another definition", |state| {
            state["mcpServers"]["a"] = json!({"command": "new"})
        }),
        ("`mcpServers` is gone, which held `a`", |state| {
            state.as_object_mut().expect("an object").remove("mcpServers");
        }),
    ];
    for (reason, edit) in edits {
        let machine = cursor();
        machine.adopt(Client::Cursor);
        let mut state = machine.json(".cursor/mcp.json");
        edit(&mut state);
        machine.write(".cursor/mcp.json", &state.to_string());
        let before = machine.snapshot();
        let error = machine.undo(Client::Cursor, UndoMode::KeepChanges).expect_err(reason);
        assert!(error.to_string().contains(reason), "{error}");
        assert_eq!(machine.snapshot(), before);
    }
    let machine = cursor();
    machine.adopt(Client::Cursor);
    fs::remove_file(machine.path(".cursor/mcp.json")).expect("removed");
    let error = machine.undo(Client::Cursor, UndoMode::KeepChanges).expect_err("gone");
    assert!(error.to_string().contains("it was removed since"), "{error}");
    machine.undo(Client::Cursor, UndoMode::Force).expect("forced");
    assert_eq!(machine.text(".cursor/mcp.json"), SERVERS);
}

#[test]
fn clients_that_share_our_file_are_undone_in_either_order() {
    let machine = cursor();
    machine.write(".claude.json", r#"{"mcpServers":{"c":{"command":"c"}}}"#);
    fs::create_dir(machine.path(".config")).expect("a folder");
    let before = machine.snapshot();
    machine.adopt(Client::Cursor);
    machine.adopt(Client::Claude);
    let error = machine.undo(Client::Cursor, UndoMode::Exact).expect_err("claude came later");
    assert!(error.to_string().contains("`claude` was adopted into it too: undo that first"), "{error}");
    machine.undo(Client::Cursor, UndoMode::KeepChanges).expect("undone");
    assert_eq!(machine.json(".config/terraphim/mcp.json"), json!({"mcpServers": {"c": {"command": "c"}}}));
    machine.undo(Client::Claude, UndoMode::KeepChanges).expect("undone");
    assert_eq!(machine.snapshot(), before);

    machine.adopt(Client::Cursor);
    machine.adopt(Client::Claude);
    machine.undo(Client::Claude, UndoMode::Exact).expect("the later one");
    machine.undo(Client::Cursor, UndoMode::Exact).expect("the earlier one");
    assert_eq!(machine.snapshot(), before);
}

#[test]
fn a_file_changed_since_the_plan_is_refused() {
    let machine = cursor();
    let plan = machine.plan(Client::Cursor);
    machine.write(".cursor/mcp.json", &SERVERS.replace("\"n\": 1", "\"n\": 3"));
    let before = machine.snapshot();
    let error = apply(&plan).expect_err("changed");
    assert!(
        matches!(&error, AdoptError::ChangedSincePlan { path } if *path == machine.path(".cursor/mcp.json")),
        "{error}"
    );
    assert_eq!(machine.snapshot(), before);
}

#[test]
fn a_failure_half_way_puts_the_earlier_files_back() {
    let machine = cursor();
    machine.write(".config/terraphim/mcp.json", r#"{"mcpServers":{"mine":{"command":"m"}}}"#);
    machine.set_mode(".config/terraphim/mcp.json", 0o644);
    let plan = machine.plan(Client::Cursor);
    let last = plan.paths().last().expect("files").to_owned();
    assert_eq!(last, machine.path(".cursor/mcp.json"));

    // A folder where the new file is written, before it takes the old one's place.
    let blocker = machine.path(".cursor/.mcp.json.terraphim-new");
    fs::create_dir(&blocker).expect("a folder");
    let before = machine.snapshot();
    let error = apply(&plan).expect_err("blocked");
    assert!(matches!(&error, AdoptError::Write { path, .. } if *path == last), "{error}");
    assert_eq!(machine.snapshot(), before);
    fs::remove_dir(&blocker).expect("removed");

    // A folder in the place of the file itself.
    fs::remove_file(&last).expect("removed");
    fs::create_dir(&last).expect("a folder");
    let before = machine.snapshot();
    let error = apply(&plan).expect_err("no file");
    assert!(matches!(&error, AdoptError::NotAFile { path } if *path == last), "{error}");
    assert_eq!(machine.snapshot(), before);
}

#[test]
fn a_failing_undo_leaves_everything_adopted() {
    let machine = cursor();
    let original = machine.snapshot();
    machine.adopt(Client::Cursor);
    let blocker = machine.path("work/shop/.cursor/.mcp.json.terraphim-new");
    fs::create_dir(&blocker).expect("a folder");
    let adopted = machine.snapshot();
    let error = machine.undo(Client::Cursor, UndoMode::Exact).expect_err("blocked");
    assert!(matches!(error, AdoptError::Write { .. }), "{error}");
    assert_eq!(machine.snapshot(), adopted);
    fs::remove_dir(&blocker).expect("removed");
    machine.undo(Client::Cursor, UndoMode::Exact).expect("undone");
    assert_eq!(machine.snapshot(), original);
}

#[test]
fn an_adoption_killed_half_way_is_undone() {
    let machine = cursor();
    let before = machine.snapshot();
    machine.adopt(Client::Cursor);
    // As if it had ended before the client's files were written, with its temporary file and lock left.
    machine.write(".cursor/mcp.json", SERVERS);
    machine.write("work/shop/.cursor/mcp.json", r#"{"mcpServers":{"p":{"command":"p"}}}"#);
    machine.write(".config/terraphim/adopt/lock", "4294967295");
    let error = machine.undo(Client::Cursor, UndoMode::Exact).expect_err("locked");
    assert!(matches!(&error, AdoptError::Locked { holder, .. } if holder == "4294967295"), "{error}");
    if Path::new("/proc/self").exists() {
        assert!(
            error
                .to_string()
                .ends_with("is held by process 4294967295, which no longer runs; remove that file"),
            "{error}"
        );
    }
    fs::remove_file(machine.path(".config/terraphim/adopt/lock")).expect("removed");
    let receipt = machine.undo(Client::Cursor, UndoMode::Exact).expect("undone");
    assert!(receipt.files.contains(&(machine.path(".cursor/mcp.json"), Restored::Unchanged)));
    assert_eq!(machine.snapshot(), before);

    // Adopting again instead finds its servers in our files and renames none.
    machine.adopt(Client::Cursor);
    machine.write(".cursor/mcp.json", SERVERS);
    let plan = machine.adopt(Client::Cursor);
    assert!(plan.moves.iter().all(|server| server.name == server.new_name), "{:?}", plan.moves);
    machine.undo(Client::Cursor, UndoMode::Exact).expect("undone");
    assert_eq!(machine.snapshot(), before);
}

#[test]
fn one_process_works_at_a_time() {
    let machine = cursor();
    let plan = machine.plan(Client::Cursor);
    machine.write(".config/terraphim/adopt/lock", &std::process::id().to_string());
    let before = machine.snapshot();
    let error = apply(&plan).expect_err("locked");
    assert!(error.to_string().contains("wait for it, or remove that file if it is not terraphim"), "{error}");
    assert_eq!(machine.snapshot(), before);
    fs::remove_file(machine.path(".config/terraphim/adopt/lock")).expect("removed");
    apply(&plan).expect("applied");
    assert!(!machine.path(".config/terraphim/adopt/lock").exists());
}

#[test]
fn a_linked_file_stays_a_link() {
    let machine = Machine::new();
    let real = machine.write("dotfiles/cursor.json", SERVERS);
    fs::create_dir(machine.path(".cursor")).expect("a folder");
    symlink(&real, machine.path(".cursor/mcp.json")).expect("a link");
    let before = machine.snapshot();
    machine.adopt(Client::Cursor);
    assert!(machine.path(".cursor/mcp.json").is_symlink());
    assert!(machine.text("dotfiles/cursor.json").contains("terraphim"));
    machine.undo(Client::Cursor, UndoMode::Exact).expect("undone");
    assert_eq!(machine.snapshot(), before);
}

#[test]
fn our_folder_in_a_project_must_not_lead_elsewhere() {
    let machine = cursor();
    let target = machine.path("public");
    fs::create_dir(&target).expect("a folder");
    symlink(&target, machine.path("work/shop/.terraphim")).expect("a link");
    let error = plan(Client::Cursor, &machine.places).expect_err("a link");
    assert!(matches!(&error, AdoptError::Link { path } if path.ends_with("shop/.terraphim")), "{error}");
}
