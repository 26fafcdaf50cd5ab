//! Programs against real server processes, well-behaved and not.

use expect_test::{Expect, expect};
use serde_json::json;

use crate::place::Place;

#[test]
fn calls_run_side_by_side() {
    let place = Place::with_servers(&[("up", &[])]);
    let program = "
import { up } from 'mcp-servers';
await up.add({ a: 0, b: 0 });
const began = Date.now();
const done = await Promise.all(Array.from({ length: 32 }, () => up.slow({ ms: 200 })));
return { done: done.length, together: Date.now() - began < 32 * 200 / 4 }";
    assert_eq!(place.run(program).json(), json!({ "done": 32, "together": true }));
}

#[test]
fn servers_are_imported_in_every_way() {
    let place = Place::with_servers(&[("up", &[]), ("other-one", &[])]);
    let check = |program: &str| assert_eq!(place.run(program).json(), json!([3, 7]), "{program}");
    let sums = "return [(await up.add({ a: 1, b: 2 })).sum, (await other.add({ a: 3, b: 4 })).sum]";
    check(&format!("import {{ up, other_one as other }} from 'mcp-servers';\n{sums}"));
    check(&format!(
        "import {{ up }} from 'mcp-servers';\nimport other from 'mcp-servers/other-one';\n{sums}"
    ));
    check(&format!("import * as all from 'mcp-servers';\nconst {{ up, other_one: other }} = all;\n{sums}"));
    check(&format!("const {{ up, other_one: other }} = await import('mcp-servers');\n{sums}"));
    check(&format!(
        "const up = await import('mcp-servers/up');\nconst other = await import('mcp-servers/' + 'other_one');\n{sums}"
    ));
    check(
        "import { add } from 'mcp-servers/up';\nreturn [(await add({ a: 1, b: 2 })).sum, (await add({ a: 3, b: 4 })).sum]",
    );
}

#[test]
fn replies_become_values() {
    let place = Place::with_servers(&[("up", &[])]);
    let program = "
import { up } from 'mcp-servers';
const [parsed, listed, camel, text, structured, whole] = await Promise.all([
  up.text_json({}), up.list_items({ count: 2 }), up.listItems(), up.big({ bytes: 3 }), up.echo({ a: { b: [1] } }),
  up.list_items.raw({ count: 1 }),
]);
return { parsed, listed, camel, text, structured, whole }";
    assert_eq!(
        place.run(program).json(),
        json!({
            "parsed": { "answer": 42, "list": [1, 2] },
            "listed": [{ "id": 0, "label": "item 0" }, { "id": 1, "label": "item 1" }],
            "camel": [],
            "text": "xxx",
            "structured": { "a": { "b": [1] } },
            "whole": {
                "content": [{ "type": "text", "text": "{\"items\":[{\"id\":0,\"label\":\"item 0\"}]}" }],
                "structuredContent": { "items": [{ "id": 0, "label": "item 0" }] },
                "isError": false,
            },
        })
    );
}

#[test]
fn an_image_is_kept_and_referred_to() {
    let place = Place::with_servers(&[("up", &[])]);
    let ended = place.run("import { up } from 'mcp-servers'\nreturn await up.image({})");
    let blocks = ended.json();
    assert_eq!(blocks[0]["type"], "image");
    assert_eq!(blocks[0]["mimeType"], "image/png");
    assert_eq!(blocks[0].get("data"), None, "its bytes stay out of the program");
    assert_eq!(blocks[1], json!({ "type": "hologram", "shape": [1, 2, 3] }));
    let file = place.workspace().join(blocks[0]["path"].as_str().expect("a path"));
    let image = std::fs::read(&file).expect("the image");
    assert!(image.starts_with(b"\x89PNG\r\n\x1a\n"), "{image:?}");
    assert_eq!(blocks[0]["bytes"], image.len());
    assert_eq!(ended.err, format!("kept {} ({} bytes)\n", file.display(), image.len()));
}

#[test]
fn a_server_that_fails_harms_no_other() {
    let place = Place::with_servers(&[
        ("up", &[]),
        ("crashes", &["--crash-on", "echo"]),
        ("garbles", &["--garbage-on", "echo"]),
        ("never_starts", &["--crash-at-start"]),
        ("unlisted", &["--crash-at-list"]),
        ("babbles", &["--garbage"]),
        ("noisy", &["--noise", "--bad-tool", "--page-size", "3"]),
    ]);
    let failure = |server: &str| {
        let program = format!(
            "import {{ up, {server} }} from 'mcp-servers'
const error = await {server}.echo({{}}).then(() => 'it answered', e => `${{e.server}} ${{e.kind}}: ${{e.message}}`)
return {{ error, sum: (await up.add({{ a: 1, b: 2 }})).sum }}"
        );
        let result = place.run(&program).json();
        assert_eq!(result["sum"], 3, "{server}");
        result["error"].as_str().expect("a text").to_owned()
    };
    let check = |server: &str, expected: &Expect| expected.assert_eq(&failure(server));
    check(
        "crashes",
        &expect![[r#"
        crashes tool: server `crashes` went away during the call: it exited with status 7; its standard error ends with:
        fatal: the test upstream was told to crash"#]],
    );
    check(
        "garbles",
        &expect![
            "garbles tool: server `garbles` answered `echo` with an error: the answer is not an object: 42"
        ],
    );
    check(
        "never_starts",
        &expect![[r#"
        never_starts tool: server `never_starts` did not start: it exited with status 7; its standard error ends with:
        fatal: the test upstream was told to crash"#]],
    );
    check(
        "unlisted",
        &expect![[r#"
        unlisted tool: server `unlisted` did not start: it exited with status 7; its standard error ends with:
        fatal: the test upstream was told to crash"#]],
    );
    // It may or may not find out that nobody listens any more, and complain.
    let babbling = failure("babbles");
    let expected = "babbles tool: server `babbles` did not start: it writes text that is not MCP to its standard output: `this is line 0 of no protocol`";
    assert!(babbling.starts_with(expected), "{babbling}");
    check("noisy", &expect!["it answered"]);
}

#[test]
fn entries_that_cannot_be_used_say_why() {
    let place = Place::new();
    let servers = json!({ "mcpServers": {
        "up": place.server("up", &[]),
        "gone": { "command": "/no/such/program" },
        "remote": { "url": "https://example.org/mcp" },
        "unset": { "command": "x", "args": ["${NOT_SET_ANYWHERE}"] },
        "terraphim": { "command": "something-else" },
        "itself": { "command": crate::place::BINARY, "args": ["mcp"] },
        "off": { "command": "x", "disabled": true },
    } });
    place.file(".mcp.json", servers.to_string());
    let check = |server: &str, expected: &Expect| {
        let program = format!(
            "const {{ {server} }} = await import('mcp-servers')\nreturn await {server}.echo({{}}).catch(e => e.message)"
        );
        expected.assert_eq(place.run(&program).json().as_str().expect("a text"));
    };
    check(
        "gone",
        &expect![
            "server `gone` did not start: the command `/no/such/program` was not found: install it, or correct `command` in the configuration"
        ],
    );
    check(
        "remote",
        &expect![
            "server `remote` did not start: its transport `http` is not supported yet: use an entry with `command` that speaks over stdio"
        ],
    );
    check(
        "unset",
        &expect![
            "server `unset` did not start: `args` uses the variable `NOT_SET_ANYWHERE`, which is not set: set it, or write `${NOT_SET_ANYWHERE:-default}`"
        ],
    );
    let left_out = place.run("return Object.keys(await import('mcp-servers')).sort()");
    assert_eq!(left_out.json(), json!(["gone", "remote", "terraphim", "unset", "up"]));
}

#[test]
fn secrets_reach_the_server_and_not_the_program() {
    let place = Place::new();
    let mut server = place.server("up", &[]);
    server["env"] = json!({ "API_KEY": "${SECRET}", "PLAIN": "${NOT_SET:-fallback}" });
    place.file(".mcp.json", json!({ "mcpServers": { "up": server } }).to_string());
    place.file(
        "program.ts",
        "import { up } from 'mcp-servers'
const read = async (name: string) => (await up.env({ name })).value
return [await read('API_KEY'), await read('PLAIN'), await read('TERRAPHIM_DEPTH')]",
    );
    let mut command = place.command(crate::place::BINARY.as_ref());
    let ended = place.complete(command.args(["run", "program.ts"]).env("SECRET", "hunter2"));
    assert_eq!(ended.json(), json!(["hunter2", "fallback", "1"]));
}

#[test]
fn tools_are_found_from_inside_a_program() {
    let place = Place::with_servers(&[("up", &[]), ("gone", &["--crash-at-start"])]);
    let program = "
import { searchTools, getToolDocs } from 'mcp-runtime';
const { tools, unavailable } = await searchTools({ query: 'add two numbers', server: 'up', limit: 1 });
const byText = await searchTools('write a note');
const one = await getToolDocs('up.add');
const many = await getToolDocs(['up.list_items', 'up.ad']);
const missing = await getToolDocs('up.ad').catch(e => [e.kind, e.message, e.hint]);
return {
  found: tools, gone: unavailable.map(s => [s.server, s.state]), first: byText.tools[0].name, one: one.signature,
  parameters: one.parameters, many: many.docs.map(d => d.name), unknown: many.unknown, missing,
}";
    expect![[r#"
        {
          "found": [
            {
              "name": "up.add",
              "server": "up",
              "description": "Adds two numbers.",
              "signature": "add(args: { a: number; b: number }): Promise<unknown>"
            }
          ],
          "gone": [
            [
              "gone",
              "failed"
            ]
          ],
          "first": "up.write_note",
          "one": "add(args: { a: number; b: number }): Promise<unknown>",
          "parameters": [
            {
              "name": "a",
              "type": "number",
              "required": true
            },
            {
              "name": "b",
              "type": "number",
              "required": true
            }
          ],
          "many": [
            "up.list_items"
          ],
          "unknown": [
            {
              "name": "up.ad",
              "nearest": [
                "up.add"
              ]
            }
          ],
          "missing": [
            "unknown",
            "there is no tool `up.ad`",
            "did you mean up.add?"
          ]
        }
    "#]]
    .assert_eq(place.run(program).success());
}
