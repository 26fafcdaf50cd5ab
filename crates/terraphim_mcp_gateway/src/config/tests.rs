//! Configuration files as people write them, right and wrong.

use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;

fn env(name: &str) -> Option<String> {
    match name {
        "TOKEN" => Some("s3cret".into()),
        "EMPTY" => Some(String::new()),
        _ => None,
    }
}

fn parse(text: &str) -> Result<McpConfig, McpConfigError> {
    parse_mcp_config(Path::new("/home/me/project/.mcp.json"), text, &env)
}

fn stdio(config: &McpConfig, name: &str) -> StdioServer {
    let server = config.servers.iter().find(|server| server.name.as_str() == name).expect("a server");
    match &server.transport {
        ServerTransport::Stdio(stdio) => stdio.clone(),
        ServerTransport::Unusable { reason } => panic!("unusable: {reason}"),
    }
}

fn complaint(text: &str, expected: &Expect) {
    expected.assert_eq(&parse(text).expect_err("a mistake").to_string());
}

fn reason(entry: &str, expected: &Expect) {
    let config = parse(&format!(r#"{{ "mcpServers": {{ "ok": {{ "command": "x" }}, "s": {entry} }} }}"#));
    let config = config.expect("only that server is unusable");
    stdio(&config, "ok");
    match &config.servers[1].transport {
        ServerTransport::Unusable { reason } => expected.assert_eq(reason),
        ServerTransport::Stdio(stdio) => panic!("usable: {stdio:?}"),
    }
}

#[test]
fn both_dialects_are_read_and_variables_expanded() {
    let claude = r#"{ "mcpServers": { "git": {
        "command": "${HOME_OF_GIT:-/usr/bin}/git-mcp", "args": ["--token=${TOKEN}", "$plain", "${EMPTY:-full}"],
        "env": { "A": "${env:TOKEN}", "PORT": 80, "ON": true }, "cwd": "sub" } } }"#;
    let git = stdio(&parse(claude).expect("valid"), "git");
    assert_eq!(git.command, "/usr/bin/git-mcp");
    assert_eq!(git.args, ["--token=s3cret", "$plain", "full"]);
    let expected =
        [("A", "s3cret"), ("PORT", "80"), ("ON", "true")].map(|(k, v)| (k.to_owned(), v.to_owned()));
    assert_eq!(git.env, expected);
    assert_eq!(git.cwd.as_deref(), Some(Path::new("/home/me/project/sub")));
    assert!(!format!("{git:?}").contains("s3cret"), "secrets stay out of debug output");

    let code = "\u{feff}{ // a comment with \"quotes\"\n \"servers\": { /* and // this */ \"fs\": { \"type\": \"stdio\",
        \"command\": \"npx\", \"args\": [\"a//b\", \"/* c */\", \"d,]\",], }, }, \"inputs\": [] }";
    let file = Path::new("/home/me/project/.vscode/mcp.json");
    let config = parse_mcp_config(file, code, &env).expect("valid");
    assert_eq!(stdio(&config, "fs").args, ["a//b", "/* c */", "d,]"]);
}

#[test]
fn mistakes_have_their_position() {
    complaint(
        "{\n  \"mcpServers\": {\n    \"git\": { \"command\": 5 }\n  }\n}",
        &expect![[r#"
            /home/me/project/.mcp.json:3:25: invalid type: integer `5`, expected a string
                  "git": { "command": 5 }
                                      ^"#]],
    );
    complaint(
        "{ \"mcpServers\": [] }",
        &expect![[r#"
            /home/me/project/.mcp.json:1:16: invalid type: sequence, expected an object
              { "mcpServers": [] }
                             ^"#]],
    );
    complaint(
        "{ \"mcpServers\": { \"a\" } }",
        &expect![[r#"
            /home/me/project/.mcp.json:1:23: expected `:`
              { "mcpServers": { "a" } }
                                    ^"#]],
    );
    complaint(
        "{ \"a\": 1 }",
        &expect![[r#"
            /home/me/project/.mcp.json:1:1: expected an object `mcpServers` (or `servers`) with one entry per server
              { "a": 1 }
              ^"#]],
    );
}

#[test]
fn an_unusable_server_names_its_reason_and_harms_no_other() {
    reason(
        r#"{ "command": "x", "args": ["${NOPE}"] }"#,
        &expect!["`args` uses the variable `NOPE`, which is not set: set it, or write `${NOPE:-default}`"],
    );
    reason(
        r#"{ "command": "x", "env": { "K": "${input:key}" } }"#,
        &expect![
            "`env.K` uses `${input:key}`, which is not supported: use `${VAR}`, `${VAR:-default}` or `${env:VAR}`"
        ],
    );
    reason(
        r#"{ "type": "sse", "url": "https://example.org" }"#,
        &expect![
            "its transport `sse` is not supported yet: use an entry with `command` that speaks over stdio"
        ],
    );
    reason("{}", &expect![[r#"it has neither a `command` nor a `url`: add `"command": "..."`"#]]);
}

#[test]
fn own_disabled_and_repeated_entries_are_skipped() {
    let mut config = parse(
        r#"{ "mcpServers": {
            "me": { "command": "/opt/bin/terraphim", "args": ["mcp"] },
            "off": { "command": "x", "disabled": true },
            "x": { "command": "x" }, "x": { "command": "y" }, "": { "command": "z" },
            "terraphim": { "command": "other" } } }"#,
    )
    .expect("valid");
    let skipped: Vec<_> = config.skipped.iter().map(|skipped| skipped.name.as_str()).collect();
    assert_eq!(skipped, ["me", "off", "x", ""]);
    config.reserve_own_name();
    assert!(matches!(&config.servers[1].transport, ServerTransport::Unusable { reason }
        if reason.contains("reserved")));
}

#[test]
fn the_running_program_is_recognised_behind_another_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let own = folder.path().join("program");
    std::fs::write(&own, "").expect("written");
    std::os::unix::fs::symlink(&own, folder.path().join("alias")).expect("linked");
    let mut config =
        parse(r#"{ "mcpServers": { "a": { "command": "alias" }, "b": { "command": "other" } } }"#)
            .expect("valid");
    config.skip_executable(&own, Some(folder.path().as_os_str()));
    assert_eq!(config.skipped.len(), 1);
    assert_eq!(config.servers.len(), 1);
    assert_eq!(config.servers[0].name.as_str(), "b");
}

proptest! {
    #[test]
    fn no_text_panics(text in "(\\{|\\}|\\[|\\]|\"|,|:|//|/\\*|\\*/|\\\\|\n|é|mcpServers|command|1){0,40}") {
        if let Err(error) = parse(&text) {
            prop_assert!(error.to_string().len() < 2_000);
        }
    }

    #[test]
    fn blanking_comments_moves_nothing(text in "(\"|,|//|/\\*|\\*/|\\}|\\\\|\n|é|x){0,40}") {
        let plain = text::without_comments(&text);
        prop_assert_eq!(plain.len(), text.len());
        prop_assert_eq!(plain.matches('\n').count(), text.matches('\n').count());
        prop_assert_eq!(text::without_comments(&plain).len(), plain.len());
    }

    #[test]
    fn plain_json_stays_as_it_is(strings in prop::collection::vec(".*", 0..8)) {
        let json = serde_json::to_string(&strings).expect("JSON");
        prop_assert_eq!(text::without_comments(&json), json);
    }
}
