//! Command lines and files that are wrong: exit code 2 and a message that says where.

use expect_test::{Expect, expect};

use crate::place::Place;

fn check(place: &Place, args: &[&str], code: i32, expected: &Expect) {
    expected.assert_eq(&place.shortened(place.terraphim(args).failure(code)));
}

#[test]
fn programs_that_cannot_be_read() {
    let place = Place::new();
    place.file("bytes.ts", b"return '\xff\xfe'");
    place.file("folder.ts/file", "");
    check(
        &place,
        &["run", "missing.ts"],
        2,
        &expect![[r#"
        error: failed to read missing.ts: No such file or directory (os error 2)
    "#]],
    );
    check(
        &place,
        &["run", "bytes.ts"],
        2,
        &expect![[r#"
        error: bytes.ts is not UTF-8 text: a program must be
    "#]],
    );
    check(
        &place,
        &["run", "folder.ts"],
        2,
        &expect![[r#"
        error: failed to read folder.ts: Is a directory (os error 21)
    "#]],
    );
}

#[test]
fn command_lines_that_are_wrong() {
    let place = Place::new();
    place.file("a.ts", "return 1");
    for args in [
        &["frobnicate"][..],
        &["run"],
        &["run", "a.ts", "--frobnicate"],
        &["run", "a.ts", "b.ts"],
        &["run", "a.ts", "--timeout", "5h"],
        &["run", "a.ts", "--timeout", "0s"],
        &["run", "a.ts", "--memory", "1"],
        &["tools", "frobnicate"],
        &["tools", "docs"],
        &["adopt"],
        &["adopt", "--client", "emacs"],
        &["completions", "tcl"],
        &[],
    ] {
        let ended = place.terraphim(args);
        let message = ended.failure(2);
        assert!(message.contains("Usage: ") || message.starts_with("error: "), "{args:?}: {message}");
    }
    check(
        &place,
        &["runn", "a.ts"],
        2,
        &expect![[r#"
        error: unrecognized subcommand 'runn'

          tip: a similar subcommand exists: 'run'

        Usage: terraphim [OPTIONS] <COMMAND>

        For more information, try '--help'.
    "#]],
    );
    check(
        &place,
        &["run", "a.ts", "--timeout", "5h"],
        2,
        &expect![[r#"
        error: invalid value '5h' for '--timeout <TIMEOUT>': use ms, s or m, as in 500ms, 30s, 2m

        For more information, try '--help'.
    "#]],
    );
}

#[test]
fn broken_server_files_show_the_place() {
    let place = Place::new();
    place.file("a.ts", "return 1");
    let check = |text: &str, expected: &Expect| {
        place.file(".mcp.json", text);
        check(&place, &["run", "a.ts"], 2, expected);
    };
    check(
        "{\n  \"mcpServers\": {\n    \"a\": { \"command\": 5 }\n  }\n}\n",
        &expect![[r#"
        error: <place>/project/.mcp.json:3:23: invalid type: integer `5`, expected a string
              "a": { "command": 5 }
                                ^
    "#]],
    );
    check(
        "{\n  \"mcpServers\": {\n    \"a\": { \"command\": \"x\" \"args\": [] }\n  }\n}\n",
        &expect![[r#"
        error: <place>/project/.mcp.json:3:27: expected `,` or `}`
              "a": { "command": "x" "args": [] }
                                    ^
    "#]],
    );
    check(
        "{ \"mcpServers\": {",
        &expect![[r#"
        error: <place>/project/.mcp.json:1:17: EOF while parsing an object
          { "mcpServers": {
                          ^
    "#]],
    );
    check(
        "{ \"servres\": {} }",
        &expect![[r#"
        error: <place>/project/.mcp.json:1:1: expected an object `mcpServers` (or `servers`) with one entry per server
          { "servres": {} }
          ^
    "#]],
    );
}

#[test]
fn a_server_file_of_another_shape_is_explained_without_our_own_types() {
    let place = Place::new();
    place.file("a.ts", "return 1");
    for text in ["", "[]", "[{}, {}]", "5", "\"mcpServers\"", "null"] {
        place.file(".mcp.json", text);
        let ended = place.terraphim(&["run", "a.ts"]);
        let message = ended.failure(2);
        assert!(message.contains("/.mcp.json:1:") && !message.contains("struct"), "{text}: {message}");
    }
}

#[test]
fn a_server_file_can_be_named_and_must_exist() {
    let place = Place::new();
    place.file("a.ts", "return Object.keys(await import('mcp-servers'))");
    place.file("other.json", "{ \"servers\": { \"named\": { \"command\": \"x\" } } } // as in VS Code");
    let found = place.terraphim(&["run", "a.ts", "--mcp-config", "other.json"]);
    assert_eq!(found.json(), serde_json::json!(["terraphim", "named"]));
    check(
        &place,
        &["run", "a.ts", "--mcp-config", "missing.json"],
        2,
        &expect![[r#"
        error: failed to read missing.json: No such file or directory (os error 2)
    "#]],
    );
}

#[test]
fn servers_are_found_from_a_folder_below() {
    let place = Place::with_servers(&[("up", &[])]);
    place.file(
        "deep/below/a.ts",
        "import { up } from 'mcp-servers'\nreturn (await up.add({ a: 1, b: 2 })).sum",
    );
    let mut command = place.command(crate::place::BINARY.as_ref());
    let ended = place.complete(command.args(["run", "a.ts"]).current_dir(place.project("deep/below")));
    assert_eq!(ended.json(), 3);
}

#[test]
fn broken_settings_show_the_place() {
    let place = Place::new();
    place.file("a.ts", "return 1");
    let check = |text: &str, expected: &Expect| {
        place.file("terraphim.toml", text);
        check(&place, &["run", "a.ts"], 2, expected);
    };
    check(
        "default_role = 5\n",
        &expect![[r#"
        error: <place>/project/terraphim.toml: TOML parse error at line 1, column 16
          |
        1 | default_role = 5
          |                ^
        invalid type: integer `5`, expected a string
    "#]],
    );
    check(
        "[[roles]\n",
        &expect![[r#"
        error: <place>/project/terraphim.toml: TOML parse error at line 1, column 9
          |
        1 | [[roles]
          |         ^
        unclosed array table, expected `]`
    "#]],
    );
    check(
        "allows = [\"x\"]\n",
        &expect![[r#"
            error: <place>/project/terraphim.toml: TOML parse error at line 1, column 1
              |
            1 | allows = ["x"]
              | ^^^^^^
            unknown field `allows`, expected one of `default_role`, `roles`, `roots`, `allow`, `deny`, `type_checker`, `observe_results`
        "#]],
    );
    check(
        "allow = [\"\"]\n",
        &expect![[r#"
        error: <place>/project/terraphim.toml: a pattern must not be empty: write `server.tool`, `server.*` or `*`
    "#]],
    );
    check(
        "[[roles]]\nname = \"A\"\n[[roles]]\nname = \"A\"\n",
        &expect![[r#"
        error: <place>/project/terraphim.toml: TOML parse error at line 1, column 1
          |
        1 | [[roles]]
          | ^^^^^^^^^
        missing field `short_name`
    "#]],
    );
    check(
        "default_role = \"b\"\n[[roles]]\nname = \"A\"\n",
        &expect![[r#"
        error: <place>/project/terraphim.toml: TOML parse error at line 2, column 1
          |
        2 | [[roles]]
          | ^^^^^^^^^
        missing field `short_name`
    "#]],
    );
}

#[test]
fn settings_can_be_named_and_must_exist() {
    let place = Place::with_servers(&[("up", &[])]);
    place.file("a.ts", "import { up } from 'mcp-servers'\nreturn await up.echo({}).catch(e => e.kind)");
    place.file("sub/mine.toml", "deny = [\"up.echo\"]\n");
    assert_eq!(place.terraphim(&["run", "a.ts", "--config", "sub/mine.toml"]).json(), "denied");
    check(
        &place,
        &["run", "a.ts", "--config", "missing.toml"],
        2,
        &expect![[r#"
        error: failed to read missing.toml: No such file or directory (os error 2)
    "#]],
    );
}

#[test]
fn an_option_that_is_wrong_is_the_one_that_is_named() {
    let place = Place::new();
    place.file("a.ts", "return 1");
    let long = "x".repeat(513);
    let wrong = |option: &str, value: &str| {
        let ended = place.terraphim(&["run", "a.ts", option, value]);
        assert!(ended.failure(2).starts_with(&format!("error: {option}: ")), "{}", ended.err);
    };
    wrong("--allow", "");
    wrong("--allow", &long);
    wrong("--role", "nobody");
    // The same beside a file of settings that has nothing wrong in it.
    place.file(
        "terraphim.toml",
        "[[roles]]\nname = \"A\"\nshort_name = \"a\"\nrelevance = \"bm25\"\nhaystacks = []\n",
    );
    wrong("--allow", "");
    wrong("--role", "nobody");
}

#[test]
fn without_a_home_the_workspace_must_be_named() {
    let place = Place::new();
    place.file("a.ts", "return 1");
    let homeless = |more: &[&str]| {
        let mut command = place.command(crate::place::BINARY.as_ref());
        for name in ["HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"] {
            command.env_remove(name);
        }
        place.complete(command.args(["run", "a.ts"]).args(more))
    };
    expect![[r#"
        error: no home folder is known: set HOME, or name a folder with --workspace
    "#]]
    .assert_eq(homeless(&[]).failure(2));
    assert_eq!(homeless(&["--workspace", "w"]).json(), 1);
}

#[test]
fn a_sandbox_that_cannot_start_is_no_fault_of_the_program() {
    let place = Place::new();
    place.file("a.ts", "return 1");
    // Files of no size at all: the guest cannot be written to where it is started from.
    let script = "trap '' XFSZ; ulimit -f 0; exec \"$0\" run a.ts";
    let ended = place.complete(place.command("/bin/sh".as_ref()).args(["-c", script, crate::place::BINARY]));
    let message = ended.failure(4);
    assert!(message.starts_with("a.ts: failed to start the guest: "), "{message}");
}
