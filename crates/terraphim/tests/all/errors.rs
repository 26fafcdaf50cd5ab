//! Failing programs: what stands on standard error, word by word.

use expect_test::{Expect, expect};

use crate::place::Place;

const UP: &[(&str, &[&str])] = &[("up", &[]), ("other", &[])];

fn check(place: &Place, program: &str, expected: &Expect) {
    expected.assert_eq(place.run(program).failure(1));
}

#[test]
fn syntax_errors_show_the_line() {
    let place = Place::new();
    check(
        &place,
        "",
        &expect![[r#"
        program.ts:1:1: the program is empty
        hint: write at least one statement
    "#]],
    );
    check(
        &place,
        "const a = 1;\nlet x = ;\n",
        &expect![[r#"
        program.ts:2:9: Unexpected token
          2 | let x = ;
            |         ^
    "#]],
    );
    check(
        &place,
        "return {\n  ä: 'ü', b: 1 c\n}",
        &expect![[r#"
        program.ts:2:16: Expected `,` or `}` but found `Identifier`
          2 |   ä: 'ü', b: 1 c
            |                ^
    "#]],
    );
    check(
        &place,
        "const a = 1; const a = 2",
        &expect![[r#"
        program.ts:1:7: Identifier `a` has already been declared
          1 | const a = 1; const a = 2
            |       ^
    "#]],
    );
    check(
        &place,
        "return import.meta.url",
        &expect![[r#"
        program.ts:1:8: `import.meta` does not exist here
          1 | return import.meta.url
            |        ^
        hint: leave it out
    "#]],
    );
}

#[test]
fn runtime_errors_show_the_agents_own_lines() {
    let place = Place::new();
    let below_types = "\
interface Note { title: string; tags?: string[] }
type Notes = Note[];
enum Kind { A, B }

function outer(notes: Notes): number {
  return inner(notes[1] as Note);
}
function inner(note: Note): number {
  const kind: Kind = Kind.A;
  return note.title.length + kind;
}
outer([{ title: 'one' }]);
";
    check(
        &place,
        below_types,
        &expect![[r#"
        program.ts:10:10: TypeError: cannot read property 'title' of undefined
          10 |   return note.title.length + kind;
             |          ^
            at inner (10:10)
            at outer (6:16)
            at the program (12:1)
    "#]],
    );
    let asynchronous = "\
const later = async (n: number): Promise<number> => {
  await null;
  if (n === 0) throw new RangeError('too low');
  return later(n - 1);
};
await later(1);
";
    check(
        &place,
        asynchronous,
        &expect![[r#"
        program.ts:3:26: RangeError: too low
          3 |   if (n === 0) throw new RangeError('too low');
            |                          ^
    "#]],
    );
    check(
        &place,
        "throw { status: 404 }",
        &expect![[r#"
        program.ts: the program threw {status: 404}
    "#]],
    );
    check(
        &place,
        "require('fs')",
        &expect![[r#"
            program.ts:1:1: ReferenceError: require is not defined
              1 | require('fs')
                | ^
            hint: modules are imported: import { name } from 'mcp-servers'
        "#]],
    );
    check(
        &place,
        "setTimeout(() => { throw new Error('late') }, 1)\nawait new Promise(() => {})",
        &expect![[r#"
            program.ts:1:30: Error: late
              1 | setTimeout(() => { throw new Error('late') }, 1)
                |                              ^
        "#]],
    );
    check(
        &place,
        "await new Promise(() => {})",
        &expect![[r#"
        program.ts: the program waits for a promise that nothing can settle
        hint: resolve or reject every promise that you await
    "#]],
    );
}

#[test]
fn failed_calls_name_the_tool_and_the_line() {
    let place = Place::with_servers(UP);
    let check = |program, expected| check(&place, program, expected);
    check(
        "import { up } from 'mcp-servers';\nawait up.fail({});",
        &expect![[r#"
        program.ts:2:10: up.fail failed: it failed on purpose
          2 | await up.fail({});
            |          ^
    "#]],
    );
    check(
        "import { up } from 'mcp-servers';\nreturn await up.ad({ a: 1, b: 2 })",
        &expect![[r#"
        program.ts:2:14: the server `up` has no tool `ad`
          2 | return await up.ad({ a: 1, b: 2 })
            |              ^
        hint: did you mean add?
    "#]],
    );
    check(
        "import { up } from 'mcp-servers';\nreturn await up.quaternion()",
        &expect![[r#"
        program.ts:2:14: the server `up` has no tool `quaternion`
          2 | return await up.quaternion()
            |              ^
        hint: its tools: searchTools({ server: 'up' })
    "#]],
    );
    check(
        "import { up } from 'mcp-servers';\nreturn await up.add({ a: 1, bb: 2 })",
        &expect![[r#"
        program.ts:2:17: the arguments of `up.add` are not valid: the property `b` is required (got `bb`, is that what was meant?); unknown property `bb`; did you mean `b`? (allowed: `a`, `b`)
          2 | return await up.add({ a: 1, bb: 2 })
            |                 ^
    "#]],
    );
    check(
        "import { up } from 'mcp-servers';\nreturn await up.add({ a: 1, b: 'two' })",
        &expect![[r#"
        program.ts:2:17: the arguments of `up.add` are not valid: `b`: expected number, got "two"
          2 | return await up.add({ a: 1, b: 'two' })
            |                 ^
    "#]],
    );
    check(
        "import { up } from 'mcp-servers';\nreturn await up.add(1, 2)",
        &expect![[r#"
            program.ts:2:17: up.add takes one object of arguments, not 2 values
              2 | return await up.add(1, 2)
                |                 ^
            hint: write add({ a: ..., b: ... })
        "#]],
    );
    for (argument, complaint, hint) in [
        ("2n ** 64n", "`f` is an integer of more than 64 bits", "send it as a text, with String(value)"),
        ("[up.echo({})]", "`f[0]` is a promise", "await it (a list of them with Promise.all)"),
        ("up.echo", "`f` is a function", "call it, or return its result"),
    ] {
        let program =
            format!("import {{ up }} from 'mcp-servers';\nreturn await up.echo({{ f: {argument} }})");
        let ended = place.run(&program);
        let told = ended.failure(1);
        assert!(told.contains(&format!(": the arguments are not JSON: {complaint}\n")), "{told}");
        assert!(told.ends_with(&format!("\nhint: {hint}\n")), "{told}");
    }
}

#[test]
fn arguments_are_sent_as_what_they_are() {
    let place = Place::with_servers(UP);
    let program = "
import { up } from 'mcp-servers';
const given = {
  whole: 2n ** 64n - 1n, low: -(2n ** 63n), text: 'n1', quoted: '\"n2\"', map: new Map([['a', 1]]),
  set: new Set([1, 2]), bytes: new Uint8Array([1, 255]), buffer: new ArrayBuffer(2), error: new RangeError('far'),
  date: new Date(0), left: undefined,
};
return (await up.echo.raw(given)).content[0].text;
";
    for language in ["ts", "node"] {
        let ended = place.run_with(program, &["--lang", language, "--json"]);
        let outcome: serde_json::Value = serde_json::from_str(&ended.out).expect("JSON");
        let text = outcome["result"].as_str().unwrap_or_else(|| panic!("{outcome}"));
        for part in [
            "\"whole\":18446744073709551615",
            "\"low\":-9223372036854775808",
            "\"text\":\"n1\"",
            "\"quoted\":\"\\\"n2\\\"\"",
            "\"map\":{\"a\":1}",
            "\"set\":[1,2]",
            "\"bytes\":[1,255]",
            "\"buffer\":[0,0]",
            "\"error\":{\"name\":\"RangeError\",\"message\":\"far\"}",
            "\"date\":\"1970-01-01T00:00:00.000Z\"",
        ] {
            assert!(text.contains(part), "{language}: {part} in {text}");
        }
        assert!(!text.contains("left"), "{text}");
    }
}

#[test]
fn rounded_numbers_of_a_reply_are_warned_of_once() {
    let place = Place::with_servers(UP);
    let program = "
import { up } from 'mcp-servers';
await up.echo({ id: 9007199254740993n });
return (await up.echo({ id: 9007199254740993n })).id;
";
    let ended = place.run(program);
    let warning = "`up.echo` answered 9007199254740993, which JavaScript rounds";
    assert_eq!(ended.err.matches(warning).count(), 1, "{}", ended.err);
    assert_eq!(ended.success().trim(), "9007199254740992");
}

#[test]
fn caught_tool_errors_tell_everything() {
    let place = Place::with_servers(UP);
    let program = "
import { up } from 'mcp-servers';
import { ToolError } from 'mcp-runtime';
const told = (e: any) => ({
  name: e.name, server: e.server, tool: e.tool, kind: e.kind, message: e.message,
  is: e instanceof ToolError && e instanceof Error,
});
const one = await up.fail({}).catch(told);
const two = await up.add({}).catch(told);
const three = await up.write_note({ title: 'a', text: 'b' }).catch(told);
return [one, two, three];
";
    expect![[r#"
        [
          {
            "name": "ToolError",
            "server": "up",
            "tool": "fail",
            "kind": "tool",
            "message": "up.fail failed: it failed on purpose",
            "is": true
          },
          {
            "name": "ToolError",
            "server": "up",
            "tool": "add",
            "kind": "arguments",
            "message": "the arguments of `up.add` are not valid: the property `a` is required (got no properties); the property `b` is required (got no properties); it takes `a`, `b`",
            "is": true
          },
          {
            "name": "ToolError",
            "server": "up",
            "tool": "write_note",
            "kind": "denied",
            "message": "`up.write_note` may change something (it does not declare itself read-only) and is not allowed: allow it with `--allow 'up.write_note'` or with `allow = [\"up.write_note\"]` in `terraphim.toml`",
            "is": true
          }
        ]
    "#]].assert_eq(place.run(program).success());
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table of programs with what they print")]
fn unknown_imports_offer_the_nearest_names() {
    let place = Place::with_servers(UP);
    let check = |program, expected| check(&place, program, expected);
    check(
        "import { upp } from 'mcp-servers';\nreturn await upp.add({})",
        &expect![[r#"
        program.ts:1:10: there is no server `upp`
          1 | import { upp } from 'mcp-servers';
            |          ^
        hint: did you mean up?
    "#]],
    );
    check(
        "import { quaternion } from 'mcp-servers';\nreturn quaternion",
        &expect![[r#"
        program.ts:1:10: there is no server `quaternion`
          1 | import { quaternion } from 'mcp-servers';
            |          ^
        hint: the servers are terraphim, up, other
    "#]],
    );
    check(
        "import { up, othr } from 'mcp-servers';\nreturn [up, othr]",
        &expect![[r#"
        program.ts:1:14: there is no server `othr`
          1 | import { up, othr } from 'mcp-servers';
            |              ^
        hint: did you mean other?
    "#]],
    );
    check(
        "import { ad } from 'mcp-servers/up';\nreturn ad",
        &expect![[r#"
        program.ts:1:10: the server `up` has no tool `ad`
          1 | import { ad } from 'mcp-servers/up';
            |          ^
        hint: did you mean add?
    "#]],
    );
    check(
        "import { add } from 'mcp-servers/upp';\nreturn add",
        &expect![[r#"
        program.ts:1:1: there is no server `upp`
          1 | import { add } from 'mcp-servers/upp';
            | ^
        hint: did you mean up?
    "#]],
    );
    check(
        "import { readFile } from 'fs';\nreturn readFile",
        &expect![[r#"
        program.ts:1:1: there is no module 'fs'
          1 | import { readFile } from 'fs';
            | ^
        hint: only 'mcp-servers', 'mcp-servers/<server>' and 'mcp-runtime' can be imported
    "#]],
    );
    check(
        "import { up } from 'up';\nreturn up",
        &expect![[r#"
        program.ts:1:1: there is no module 'up'
          1 | import { up } from 'up';
            | ^
        hint: write import { up } from 'mcp-servers'
    "#]],
    );
    check(
        "import { group } from 'mcp-runtime';\nreturn group",
        &expect![[r#"
        program.ts:1:10: 'mcp-runtime' exports no `group`
          1 | import { group } from 'mcp-runtime';
            |          ^
        hint: it exports searchTools, getToolDocs, workspace, ToolError, groupBy, countBy, sumBy, sortBy, topN, uniqBy, chunk, pick, omit
    "#]],
    );
    check(
        "import up from 'mcp-servers';\nreturn up",
        &expect![[r#"
        program.ts:1:8: these modules have no default export
          1 | import up from 'mcp-servers';
            |        ^
        hint: write import { up } from 'mcp-servers'
    "#]],
    );
    check(
        "const fs = await import('fs');\nreturn fs",
        &expect![[r#"
        program.ts:1:18: there is no module 'fs'
          1 | const fs = await import('fs');
            |                  ^
        hint: only 'mcp-servers', 'mcp-servers/<server>' and 'mcp-runtime' can be imported
    "#]],
    );
}
