//! Programs under the machine's own node, through the real binary: its modules,
//! the limits, and how a program ends. What it may not do is in `node/attacks.rs`.

mod attacks;

use std::{
    fs,
    time::{Duration, Instant},
};

use serde_json::json;

use crate::{
    isolation::connection::Connection,
    place::{Ended, Place},
};

/// A place for programs under node; none where this machine cannot run any.
fn place(servers: &[(&str, &[&str])]) -> Option<Place> {
    let place = Place::with_servers(servers);
    place.has_node().then_some(place)
}

#[test]
fn nodes_own_modules_are_there_by_import_and_by_require() {
    let Some(place) = place(&[]) else { return };
    for (program, result) in [
        ("import fs from 'node:fs';\nfs.writeFileSync('a', 'x');\nreturn fs.readdirSync('.')", json!(["a"])),
        ("import { join as j } from 'path';\nreturn j('a', '..', 'b')", json!("b")),
        ("import * as u from 'node:url';\nreturn new u.URL('http://a/b').pathname", json!("/b")),
        (
            "return require('node:crypto').createHash('md5').update('').digest('hex').slice(0, 8)",
            json!("d41d8cd9"),
        ),
        (
            "const { gzipSync, gunzipSync } = await import('zlib');\nreturn gunzipSync(gzipSync('same')).toString()",
            json!("same"),
        ),
        (
            "import { setTimeout as wait } from 'node:timers/promises';\nreturn await wait(5, 'waited')",
            json!("waited"),
        ),
        (
            "import fs from 'fs';\nfs.writeFileSync('lib.js', 'module.exports = 6 * 7');\nreturn require('./lib.js')",
            json!(42),
        ),
        (
            "import * as fs from 'fs/promises';\nawait fs.mkdir('d/e', { recursive: true });\nreturn (await fs.stat('d/e')).isDirectory()",
            json!(true),
        ),
        (
            "return [process.cwd(), require('os').tmpdir(), __dirname_is()];\nfunction __dirname_is() { return typeof __dirname }",
            json!(["/workspace", "/tmp", "undefined"]),
        ),
        ("return Buffer.from('é').length + [1n, 2n].length", json!(4)),
        (
            "const i = 0;\nlet s = 0;\nfor (let n = i; n < 5e7; n++) s = (s + n * n) % 1000003;\nreturn s",
            json!(863_731),
        ),
    ] {
        assert_eq!(place.node(program, &[]).json(), result, "{program}");
        for entry in fs::read_dir(place.workspace()).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }.expect("a file");
        }
    }
}

#[test]
fn a_javascript_file_runs_as_well() {
    let Some(place) = place(&[]) else { return };
    place.file("program.js", "return [1, 2].map((n) => n * 2)");
    assert_eq!(place.terraphim(&["run", "program.js", "--lang", "node"]).json(), json!([2, 4]));
}

#[test]
fn failures_name_the_line_and_what_to_do() {
    let Some(place) = place(&[("up", &[])]) else { return };
    for (program, code, words) in [
        ("let x: number = 1;\n\nnull.x", 1, "program.ts:3:"),
        ("import { readFiles } from 'fs';\nreadFiles()", 1, "program.ts:1:10: 'fs' exports no `readFiles`"),
        ("import pad from 'left-pad';\npad()", 1, "program.ts:1:1: there is no module 'left-pad'"),
        ("import pad from 'left-pad';\npad()", 1, "and what node itself has, as in 'node:fs'"),
        ("const m = await import('left-pad');\nreturn m", 1, "there is no module 'left-pad'"),
        (
            "setTimeout(() => { throw new TypeError('late') }, 5);\nawait new Promise(() => setTimeout(() => 0, 1e6))",
            1,
            "program.ts:1:26: TypeError: late",
        ),
        ("await new Promise(() => 0)", 1, "waits for a promise that nothing can settle"),
        ("console.log(1);\nprocess.exit(3)", 1, "ended its process with exit code 3 before it had a result"),
        (
            "process.on('exit', () => { for (;;); });\nprocess.exit(5)",
            1,
            "ended its process with exit code 5 before it had a result",
        ),
        ("process.exit()", 1, "ended its process with exit code 0 before it had a result"),
        ("process.reallyExit(4)", 1, "ended its process with exit code 4"),
        ("process.abort()", 1, "crashed (signal 6)"),
        ("process.kill(0, 'SIGKILL');\nfor (;;);", 1, "crashed (signal 9)"),
        (
            "process.removeAllListeners();\nsetTimeout(() => { throw new Error('bare') }, 1);\nawait new Promise(() => setTimeout(() => 0, 1e6))",
            1,
            "exit code 1",
        ),
        ("const again = n => again(n + 1) + 1;\nagain(0)", 1, "program.ts:1:"),
        ("return new RegExp('(')", 1, "program.ts:1:"),
        ("let a = 1;\nlet a = 2", 1, "program.ts:1:5: Identifier `a` has already been declared"),
        (
            "const { error } = require('child_process').spawnSync('ls');\nthrow error",
            1,
            "a program cannot start processes",
        ),
        (
            "import { connect } from 'net';\nawait new Promise((_, no) => connect(80, '127.0.0.1').on('error', no))",
            1,
            "no program has a network",
        ),
        ("await fetch('http://localhost')", 1, "no program has a network"),
        ("import { up } from 'mcp-servers';\n\nawait up.fail({})", 1, "program.ts:3:"),
    ] {
        let ended = place.node(program, &[]);
        assert!(ended.failure(code).contains(words), "{program}: {}", ended.err);
    }
}

#[test]
fn a_program_that_the_compiler_does_not_survive_is_the_programs_failure() {
    let Some(place) = place(&[]) else { return };
    let program = format!("{}1{}", "(".repeat(60_000), ")".repeat(60_000));
    let ended = place.node(&program, &[]);
    assert!(ended.failure(1).contains("nested too deeply"), "{}", ended.err);
}

#[test]
fn what_is_printed_and_what_nobody_handled_is_logged() {
    let Some(place) = place(&[]) else { return };
    let program = "
process.stdout.write('one\\ntwo');
process.stderr.write('three\\n');
Promise.reject(new Error('lost'));
await new Promise(done => setTimeout(done, 50));
console.warn('four', { a: [1] });
return 5";
    let ended = place.node(program, &[]);
    assert_eq!(ended.json(), 5);
    for line in [
        "one",
        "two",
        "three",
        "[warn] four {a: [1]}",
        "[warn] line 4: nobody handled the rejection of a promise: Error: lost",
    ] {
        assert!(ended.err.lines().any(|one| one == line), "no `{line}` in {}", ended.err);
    }
}

#[test]
fn many_calls_are_under_way_at_once() {
    let Some(place) = place(&[("up", &[])]) else { return };
    let program = "
import { up } from 'mcp-servers';
const all = await Promise.all(Array.from({ length: 200 }, (_, n) => up.echo({ text: `n${n}` })));
const large = await up.echo({ text: 'x'.repeat(3_000_000) });
return [new Set(all.map(one => JSON.stringify(one))).size, JSON.stringify(large).length > 3_000_000]";
    assert_eq!(place.node(program, &[]).json(), json!([200, true]));
}

/// Endings by limits: what is run, with which arguments, the words.
const LIMITS: &[(&str, &[&str], &str)] = &[
    ("for (;;) {}", &["--timeout", "500ms"], "ran longer than its limit of 0.5 s"),
    (
        "await new Promise(done => setTimeout(done, 1e8))",
        &["--timeout", "500ms"],
        "ran longer than its limit of 0.5 s",
    ),
    (
        "const again = () => Promise.resolve().then(again);\nawait again()",
        &["--timeout", "500ms"],
        "longer than its limit of 0.5 s",
    ),
    (
        "const { Worker } = require('worker_threads');\nnew Worker('for(;;);', { eval: true });\nnew Worker('for(;;);', { eval: true });\nfor (;;);",
        &["--timeout", "700ms"],
        "longer than its limit of 0.7 s",
    ),
    (
        "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)",
        &["--timeout", "500ms"],
        "longer than its limit of 0.5 s",
    ),
    ("/(a+)+$/.test('a'.repeat(60) + 'b')", &["--timeout", "500ms"], "longer than its limit of 0.5 s"),
    ("const held = [];\nfor (;;) held.push({ n: Math.random() })", MEMORY, FULL),
    ("const held = [];\nfor (;;) held.push('x'.repeat(1000) + held.length)", MEMORY, FULL),
    ("const held = [];\nfor (;;) held.push(Buffer.alloc(1 << 20, 1))", MEMORY, FULL),
    (
        "const held = [];\nfor (;;) { const one = new SharedArrayBuffer(1 << 20);\nnew Uint8Array(one).fill(1);\nheld.push(one) }",
        MEMORY,
        FULL,
    ),
    (
        "const held = [];\nfor (;;) { const one = new WebAssembly.Memory({ initial: 64 });\nnew Uint8Array(one.buffer).fill(1);\nheld.push(one) }",
        MEMORY,
        FULL,
    ),
    (
        "const one = new WebAssembly.Memory({ initial: 1, maximum: 65536, shared: true });\nfor (;;) { one.grow(256);\nnew Uint8Array(one.buffer).fill(1) }",
        MEMORY,
        FULL,
    ),
    (
        "require('v8').setFlagsFromString('--max-old-space-size=100000');\nconst held = [];\nfor (;;) held.push(new Array(1000).fill(1.5))",
        MEMORY,
        FULL,
    ),
    (
        "const { Worker } = require('worker_threads');\nfor (let n = 0; n < 8; n++) new Worker('const held = []; for (;;) held.push(Buffer.alloc(1 << 20, 1))', { eval: true });\nawait new Promise(done => setTimeout(done, 1e6))",
        MEMORY,
        FULL,
    ),
    ("return 'x'.repeat(1 << 28) + 'x'.repeat(1 << 28) + 'x'.repeat(1 << 28)", &[], "MiB of memory"),
    ("return 'x'.repeat(70_000_000)", &["--memory", "512"], "the result has 70000002 bytes"),
];

const MEMORY: &[&str] = &["--memory", "64", "--timeout", "20s"];
const FULL: &str = "used more than its 64 MiB of memory";

#[test]
fn a_limit_is_named_and_nothing_is_left() {
    let Some(place) = place(&[]) else { return };
    for (program, args, words) in LIMITS {
        let began = Instant::now();
        let ended = place.node(program, args);
        assert!(ended.failure(3).contains(words), "{program}: {}", ended.err);
        assert!(began.elapsed() < Duration::from_secs(30), "{program}: {:?}", began.elapsed());
    }
}

#[test]
fn the_workspace_has_a_limit() {
    let Some(place) = place(&[]) else { return };
    let program = "
import fs from 'node:fs';
const file = fs.openSync('large', 'w');
for (let n = 0; n < 300; n++) fs.writeSync(file, Buffer.alloc(1 << 20, 1))";
    let ended = place.node(program, &[]);
    assert!(ended.failure(1).contains("ENOSPC") || ended.err.contains("EFBIG"), "{}", ended.err);
}

#[test]
fn a_session_keeps_files_and_no_variables() {
    let Some(place) = place(&[]) else { return };
    let mut connection = Connection::open(&place);
    let mut run = |code: &str| {
        let arguments = json!({ "code": code, "language": "node", "session_id": "one" });
        connection.call("execute_code", arguments)["structuredContent"].clone()
    };
    let first = run("globalThis.kept = 1;\nrequire('fs').writeFileSync('kept.txt', 'kept');\nreturn 1");
    assert_eq!(first["result"], 1, "{first}");
    let second = run("return [typeof globalThis.kept, require('fs').readFileSync('kept.txt', 'utf8')]");
    assert_eq!(second["result"], json!(["undefined", "kept"]), "{second}");
}

#[test]
fn a_host_goes_on_after_programs_that_end_badly() {
    let Some(place) = place(&[]) else { return };
    let mut connection = Connection::open(&place);
    let mut run = |code: &str| {
        let arguments = json!({ "code": code, "language": "node", "timeout_ms": 3000 });
        connection.call("execute_code", arguments)["structuredContent"].clone()
    };
    for bad in [
        "process.kill(0, 'SIGKILL');\nfor (;;);",
        "process.kill(process.pid, 'SIGSTOP');\nfor (;;);",
        "process.abort()",
        "require('fs').writeSync(9, Buffer.alloc(1000, 255));\nfor (;;);",
        "for (let fd = 0; fd < 64; fd++) try { require('fs').closeSync(fd) } catch {}\nfor (;;);",
    ] {
        let outcome = run(bad);
        assert!(outcome["error"].is_object(), "{bad}: {outcome}");
        assert_eq!(run("return 6 * 7")["result"], 42, "after {bad}");
    }
}

#[test]
fn without_node_the_message_says_what_to_install() {
    let place = Place::new();
    place.file("program.ts", "return 1");
    let mut command = place.command(std::path::Path::new(crate::place::BINARY));
    let ended: Ended =
        place.complete(command.env("PATH", "/nowhere").args(["run", "program.ts", "--language", "node"]));
    assert!(ended.failure(4).contains("install Node.js 18 or later"), "{}", ended.err);
}
