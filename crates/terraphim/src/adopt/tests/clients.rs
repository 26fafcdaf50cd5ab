//! Each client and scope, with the files that it writes.

use super::*;

const CLAUDE_STATE: &str = r#"{
  "numStartups": 12,
  "mcpServers": {
    "github": {
      "type": "stdio",
      "command": "npx",
      "args": ["-y", "@modelcontextprotocol/server-github"],
      "env": {
        "GITHUB_TOKEN": "ghp_0123456789abcdef"
      }
    },
    "linear": {
      "type": "http",
      "url": "https://mcp.linear.app/mcp"
    }
  },
  "projects": {
    "PROJECT": {
      "allowedTools": [],
      "mcpServers": {
        "github": {
          "command": "docker",
          "args": ["run", "github"]
        },
        "notes": {
          "command": "./notes",
          "cwd": "tools"
        },
        "off": {
          "command": "off"
        }
      },
      "disabledMcpServers": ["off"],
      "history": [{"display": "{ \"mcpServers\": {} }"}]
    },
    "/elsewhere": {
      "mcpServers": {
        "db": {
          "command": "db"
        }
      }
    },
    "/plain": {
      "mcpServers": {}
    }
  },
  "oauthAccount": {"accessToken": "sk-secret"}
}
"#;

fn claude() -> Machine {
    let machine = Machine::new();
    let project = machine.places.project.to_str().expect("UTF-8").to_owned();
    machine.write(".claude.json", &CLAUDE_STATE.replace("PROJECT", &project));
    machine.set_mode(".claude.json", 0o640);
    machine.write(
        "work/shop/.mcp.json",
        r#"{"mcpServers":{"github":{"command":"team-github"},"build":{"command":"build","env":{"PASSWORD":"hunter2"}}}}"#,
    );
    machine
}

#[test]
fn claude_code_in_all_scopes() {
    let machine = claude();
    let before = machine.text(".claude.json");
    let plan = machine.adopt(Client::Claude);

    assert_eq!(
        machine.json(".config/terraphim/mcp.json"),
        json!({"mcpServers": {
            "github-user": {"type": "stdio", "command": "npx", "args": ["-y", "@modelcontextprotocol/server-github"], "env": {"GITHUB_TOKEN": "ghp_0123456789abcdef"}},
        }})
    );
    assert_eq!(
        machine.json("work/shop/.terraphim/mcp.json"),
        json!({"mcpServers": {
            "github": {"command": "docker", "args": ["run", "github"]},
            "notes": {"command": "./notes", "cwd": machine.places.project.join("tools")},
            "github-project": {"command": "team-github"},
            "build": {"command": "build", "env": {"PASSWORD": "hunter2"}},
        }})
    );
    assert_eq!(machine.json("work/shop/.mcp.json"), json!({"mcpServers": {"terraphim": ours()}}));
    assert_eq!(machine.text("work/shop/.terraphim/.gitignore"), "/mcp.json\n");

    // In the client's own file only the entries changed, one entry of ours serves both scopes.
    let after = machine.text(".claude.json");
    let removed_user =
        &before[before.find("    \"github\"").expect("it")..before.find("    \"linear\"").expect("it")];
    let entry = "    \"terraphim\": {\n      \"command\": \"/opt/terraphim/bin/terraphim\",\n      \"args\": [\n        \"mcp\"\n      ]\n    },\n";
    let from = before.find("        \"github\": {\n          \"command\": \"docker\"").expect("it");
    let removed_local = &before[from..before.find("        \"off\"").expect("it")];
    assert_eq!(after, before.replacen(removed_user, entry, 1).replacen(removed_local, "", 1));

    for (file, mode) in [
        (".claude.json", 0o640),
        (".config/terraphim/mcp.json", 0o600),
        ("work/shop/.terraphim/mcp.json", 0o600),
        (".config/terraphim/adopt/claude.json", 0o600),
    ] {
        assert_eq!(machine.mode(file), mode, "{file}");
    }
    let stays: Vec<_> = plan.kept.iter().map(|kept| (kept.name.as_str(), &kept.reason)).collect();
    assert_eq!(stays, [("off", &server::StayReason::SwitchedOff), ("linear", &server::StayReason::Http)]);
    let summary = plan.summary();
    for line in [
        "`github` of the user scope is now `github-user`: another server has that name",
        "`github` of the project scope is now `github-project`: another server has that name",
        "`notes`: its command \"./notes\" is relative to the folder in which the client starts terraphim",
        "left alone: `db` of the project \"/elsewhere\"; run `terraphim adopt` there",
        "Claude Code asks once whether `terraphim` of .mcp.json may start",
    ] {
        assert!(summary.lines().any(|found| found == line), "{line}\n---\n{summary}");
    }
    assert!(summary.contains("stays: `linear` (user)"), "{summary}");
    assert!(!summary.contains("/plain"), "{summary}");
}

#[test]
fn the_diff_shows_every_file_and_no_secret() {
    let machine = claude();
    let plan = machine.plan(Client::Claude);
    let diff = plan.diff();
    for path in plan.paths() {
        assert!(diff.contains(&format!("+++ {}\n", path.display())), "{path:?}\n{diff}");
    }
    assert_eq!(plan.paths().count(), 5);
    assert!(diff.contains("-        \"GITHUB_TOKEN\": \"***\""), "{diff}");
    assert!(diff.contains("\"PASSWORD\":\"***\""), "{diff}");
    for secret in ["ghp_0123456789abcdef", "hunter2", "sk-secret"] {
        assert!(!diff.contains(secret), "{diff}");
    }
}

#[test]
fn only_the_chosen_scopes_move() {
    let machine = claude();
    let plan = plan_scopes(Client::Claude, &machine.places, &[Scope::Local]).expect("a plan");
    assert!(plan.moves.iter().all(|server| server.scope == Scope::Local) && plan.moves.len() == 2);
    apply(&plan).expect("applied");
    let project = machine.places.project.to_str().expect("UTF-8");
    let state = machine.json(".claude.json");
    assert_eq!(
        state["projects"][project]["mcpServers"],
        json!({"terraphim": ours(), "off": {"command": "off"}})
    );
    assert!(state["mcpServers"]["github"].is_object());
    assert!(machine.json("work/shop/.mcp.json")["mcpServers"]["build"].is_object());
    assert!(!machine.path(".config/terraphim/mcp.json").exists());
}

#[test]
fn cursor_in_both_scopes() {
    let machine = Machine::new();
    machine.write(".cursor/mcp.json", "{\n\t\"mcpServers\": {\n\t\t\"a\": { \"command\": \"a\" }, // mine\n\t\t\"web\": { \"url\": \"https://x\" },\n\t}\n}");
    machine.write(
        "work/shop/.cursor/mcp.json",
        r#"{"mcpServers": {"a": {"command": "a"}, "b": {"command": "${workspaceFolder}/b"}, "c": {"command": "c", "envFile": ".env"}}}"#,
    );
    let plan = machine.adopt(Client::Cursor);
    assert_eq!(
        machine.text(".cursor/mcp.json"),
        "{\n\t\"mcpServers\": {\n\t\t\"terraphim\": {\n\t\t\t\"command\": \"/opt/terraphim/bin/terraphim\",\n\t\t\t\"args\": [\n\t\t\t\t\"mcp\"\n\t\t\t]\n\t\t}, // mine\n\t\t\"web\": { \"url\": \"https://x\" },\n\t}\n}"
    );
    assert_eq!(
        machine.text("work/shop/.cursor/mcp.json"),
        r#"{"mcpServers": {"terraphim":{"command":"/opt/terraphim/bin/terraphim","args":["mcp"]}, "c": {"command": "c", "envFile": ".env"}}}"#
    );
    // The same server in both scopes keeps its name in both.
    assert_eq!(machine.json(".config/terraphim/mcp.json"), json!({"mcpServers": {"a": {"command": "a"}}}));
    let project = machine.places.project.to_str().expect("UTF-8");
    assert_eq!(
        machine.json("work/shop/.terraphim/mcp.json"),
        json!({"mcpServers": {"a": {"command": "a"}, "b": {"command": format!("{project}/b")}}})
    );
    assert!(plan.summary().contains("belongs to the project"));
    assert!(!machine.path("work/shop/.terraphim/.gitignore").exists());
}

#[test]
fn a_project_in_the_home_folder_counts_as_the_users() {
    let mut machine = Machine::new();
    machine.places.project = machine.places.home.clone();
    machine.write(".cursor/mcp.json", r#"{"mcpServers": {"a": {"command": "a"}}}"#);
    let plan = machine.adopt(Client::Cursor);
    assert_eq!(plan.moves.iter().map(|server| server.scope).collect::<Vec<_>>(), [Scope::User]);
}

#[test]
fn vs_code_in_both_scopes_with_comments() {
    let machine = Machine::new();
    let text = r#"{
  // Asked for once.
  "inputs": [{ "type": "promptString", "id": "key", "password": true },],
  "servers": {
    // Files of this project.
    "files": { "type": "stdio", "command": "npx", "args": ["files", "${workspaceFolder}"] },
    /* needs a key */
    "search": { "command": "search", "env": { "KEY": "${input:key}" } },
    "github": { "type": "http", "url": "https://api.githubcopilot.com/mcp/" }, // remote
  },
}
"#;
    machine.write("work/shop/.vscode/mcp.json", text);
    let profile = if cfg!(target_os = "macos") { "Library/Application Support" } else { ".config" };
    machine.write(&format!("{profile}/Code/User/mcp.json"), r#"{"servers":{"mem":{"command":"mem"}}}"#);
    machine
        .write(&format!("{profile}/Code/User/profiles/1a/mcp.json"), r#"{"servers":{"x":{"command":"x"}}}"#);
    let plan = machine.adopt(Client::VsCode);
    let old = r#""files": { "type": "stdio", "command": "npx", "args": ["files", "${workspaceFolder}"] }"#;
    let new = "\"terraphim\": {\n      \"type\": \"stdio\",\n      \"command\": \"/opt/terraphim/bin/terraphim\",\n      \"args\": [\n        \"mcp\"\n      ]\n    }";
    assert_eq!(machine.text("work/shop/.vscode/mcp.json"), text.replace(old, new));
    assert_eq!(
        machine.json(&format!("{profile}/Code/User/mcp.json")),
        json!({"servers": {"terraphim": {"type": "stdio", "command": "/opt/terraphim/bin/terraphim", "args": ["mcp"]}}})
    );
    assert_eq!(
        machine.json(".config/terraphim/mcp.json"),
        json!({"mcpServers": {"mem": {"command": "mem"}}})
    );
    let summary = plan.summary();
    assert!(summary.contains("profiles/1a/mcp.json"), "{summary}");
    assert!(summary.contains("`${input:key}`, which only the client can fill in"), "{summary}");
}

#[test]
fn files_without_servers_to_move_are_untouched() {
    let machine = Machine::new();
    machine.write(".claude.json", r#"{"mcpServers": {"terraphim": {"command": "terraphim", "args": ["mcp"]}, "web": {"type": "http", "url": "x"}}}"#);
    machine.write("work/shop/.mcp.json", r#"{"mcpServers": {}}"#);
    machine.write(".cursor/mcp.json", " // nothing\n");
    let before = machine.snapshot();
    for client in Client::ALL {
        let plan = machine.plan(client);
        assert!(plan.is_empty() && plan.diff().is_empty());
        assert!(
            plan.summary().starts_with(&format!("nothing to move: no file of `{client}`")),
            "{}",
            plan.summary()
        );
        let receipt = apply(&plan).expect("applied");
        assert!(receipt.written.is_empty() && receipt.message().starts_with("nothing to do"));
    }
    assert_eq!(machine.snapshot(), before);
}

#[test]
fn our_entry_is_kept_and_a_foreign_one_of_our_name_moves() {
    let machine = Machine::new();
    machine.write(
        ".cursor/mcp.json",
        r#"{"mcpServers": {"tp": {"command": "terraphim"}, "a": {"command": "a"}}}"#,
    );
    machine
        .write("work/shop/.cursor/mcp.json", r#"{"mcpServers": {"terraphim": {"command": "old_server"}}}"#);
    let plan = machine.adopt(Client::Cursor);
    assert_eq!(machine.json(".cursor/mcp.json"), json!({"mcpServers": {"tp": {"command": "terraphim"}}}));
    assert_eq!(machine.json("work/shop/.cursor/mcp.json"), json!({"mcpServers": {"terraphim": ours()}}));
    assert_eq!(
        machine.json("work/shop/.terraphim/mcp.json"),
        json!({"mcpServers": {"terraphim-project": {"command": "old_server"}}})
    );
    assert!(plan.summary().contains("is now `terraphim-project`: that name is ours"));
    // A server of our name that stays keeps its key.
    machine.write(
        ".cursor/mcp.json",
        r#"{"mcpServers": {"terraphim": {"url": "https://x"}, "z": {"command": "z"}}}"#,
    );
    machine.adopt(Client::Cursor);
    assert_eq!(
        machine.json(".cursor/mcp.json"),
        json!({"mcpServers": {"terraphim": {"url": "https://x"}, "terraphim-2": ours()}})
    );
}

#[test]
fn servers_that_are_there_already_are_reused_or_renamed() {
    let machine = Machine::new();
    machine.write(".config/terraphim/mcp.json", "{\n  // mine\n  \"mcpServers\": {\n    \"a\": {\"command\": \"a\"},\n    \"b\": {\"command\": \"b\"}\n  }\n}\n");
    machine.set_mode(".config/terraphim/mcp.json", 0o644);
    machine
        .write(".cursor/mcp.json", r#"{"mcpServers": {"a": {"command": "a"}, "b": {"command": "other"}}}"#);
    let before = machine.snapshot();
    machine.adopt(Client::Cursor);
    assert_eq!(
        machine.text(".config/terraphim/mcp.json"),
        "{\n  // mine\n  \"mcpServers\": {\n    \"a\": {\"command\": \"a\"},\n    \"b\": {\"command\": \"b\"},\n    \"b-cursor\": {\n      \"command\": \"other\"\n    }\n  }\n}\n"
    );
    assert_eq!(machine.mode(".config/terraphim/mcp.json"), 0o600);
    machine.undo(Client::Cursor, UndoMode::Exact).expect("undone");
    assert_eq!(machine.snapshot(), before);
}

#[test]
fn names_on_the_command_line() {
    for client in Client::ALL {
        assert_eq!(client.to_string().parse::<Client>().expect("known"), client);
    }
    for scope in Scope::ALL {
        assert_eq!(scope.name().parse::<Scope>().expect("known"), scope);
    }
    assert!(matches!("zed".parse::<Client>(), Err(AdoptError::UnknownClient(_))));
    assert!(matches!("all".parse::<Scope>(), Err(AdoptError::UnknownScope(_))));
    let mut places = Machine::new().places;
    places.project = "shop".into();
    assert!(matches!(plan(Client::Claude, &places), Err(AdoptError::RelativePlace { what: "project", .. })));
}
