//! Limits end a run with exit code 3 and a message that names them, in time.

use std::{fs, time::Duration};

use serde_json::{Value, json};

use crate::place::{Ended, Place};

/// A run with `--timeout 300ms` ends within this, its start included.
const IN_TIME: Duration = Duration::from_secs(1);

fn assert_timed_out(ended: &Ended, program: &str) {
    let message = ended.failure(3);
    assert!(message.contains("the program ran longer than its limit of 0.3 s"), "{program}: {message}");
    assert!(message.contains("\nhint: "), "{program}: {message}");
    assert!(ended.took >= Duration::from_millis(300), "{program}: {:?}", ended.took);
    assert!(ended.took < IN_TIME, "{program}: {:?}", ended.took);
}

#[test]
fn endless_programs_are_ended_in_time() {
    let place = Place::new();
    for program in [
        "while (true) {}",
        "function spin(): never { for (;;) {} }\nspin()",
        "for (;;) { try { while (true) {} } catch {} finally { continue } }",
        "const again = (): Promise<void> => Promise.resolve().then(again)\nawait again()",
        "setInterval(() => {}, 1)\nawait new Promise(() => {})",
        "for (;;) await new Promise(resolve => setTimeout(resolve, 1))",
        // One call of a built-in function, which asks nobody whether it may go on.
        "return 'x'.repeat(100_000_000).includes('y')",
        "return /^(a|a)+$/.test('a'.repeat(60) + 'b')",
        "return { toJSON() { for (;;) {} } }",
        "let text = ''\nfor (;;) console.log(text += 'x')",
    ] {
        assert_timed_out(&place.run_with(program, &["--timeout", "300ms"]), program);
    }
}

#[test]
fn an_endless_loop_is_not_blamed_on_another_line() {
    let place = Place::new();
    let program = "const before = 1;\nawait Promise.resolve(before);\nwhile (true) {}\nfoo();\n";
    let ended = place.run_with(program, &["--timeout", "300ms"]);
    let message = ended.failure(3);
    let blamed = message.split(':').nth(1).and_then(|line| line.parse::<u32>().ok());
    assert!(blamed.is_none_or(|line| line == 3), "{message}");
}

#[test]
fn a_call_that_does_not_return_is_ended_in_time() {
    let place = Place::with_servers(&[("up", &[]), ("hangs", &["--hang-on", "echo"])]);
    for program in [
        "import { hangs } from 'mcp-servers'\nreturn await hangs.echo({})",
        "import { up } from 'mcp-servers'\nreturn await up.slow({ ms: 30_000 })",
        "import { up } from 'mcp-servers'\nfor (;;) await up.add({ a: 1, b: 2 }).catch(() => 0)",
    ] {
        assert_timed_out(&place.run_with(program, &["--timeout", "300ms"]), program);
    }
}

#[test]
fn memory_is_bounded() {
    let place = Place::new();
    for program in [
        "const list = []\nfor (;;) list.push('x'.repeat(1000) + list.length)",
        "const list = []\nfor (;;) list.push({ list: [list.length] })",
        "const map = new Map()\nfor (let i = 0; ; i++) map.set(i, [i])",
        "return new ArrayBuffer(1 << 30).byteLength",
        "const buffers = []\nfor (;;) buffers.push(new Uint8Array(1 << 20).fill(1))",
        "return new Array(50_000_000).fill('x').join('')",
        "return 'ab'.repeat(200_000_000).split('a').length",
    ] {
        let ended = place.run_with(program, &["--memory", "32"]);
        let message = ended.failure(3);
        assert!(message.contains("the program used more than its 32 MiB of memory"), "{program}: {message}");
        assert!(message.contains("\nhint: "), "{program}: {message}");
    }
    let moderate = "return new Array(100_000).fill(0).map((_, i) => [i]).length";
    assert_eq!(place.run_with(moderate, &["--memory", "32"]).json(), 100_000);
}

#[test]
fn a_limit_is_an_outcome_too() {
    let place = Place::new();
    let outcome = place.run_with("console.log(1)\nfor (;;) {}", &["--json", "--timeout", "300ms"]).outcome(3);
    assert_eq!(outcome["error"]["kind"], "limit");
    assert_eq!(outcome["logs"], "1\n");
    let wall = outcome["usage"]["wall_ms"].as_f64().expect("a time");
    assert!((300.0..600.0).contains(&wall), "{wall}");
}

#[test]
fn the_thousand_and_first_call_is_refused() {
    let place = Place::with_servers(&[("up", &[])]);
    let uncaught = "
import { up } from 'mcp-servers';
for (let i = 0; i < 1001; i++) {
  await up.add({ a: i, b: 1 });
}";
    let ended = place.run(uncaught);
    let message = ended.failure(3);
    let (place_of_it, told) = message.split_once(": ").expect("a place");
    assert!(place_of_it.starts_with("program.ts:4:"), "{message}");
    assert!(told.starts_with("the program has used all of its 1000 tool calls\n"), "{message}");
    let caught = "
import { up } from 'mcp-servers';
const calls = Array.from({ length: 1001 }, (_, i) => up.add({ a: i, b: 1 }));
const settled = await Promise.allSettled(calls);
const refused = settled.flatMap((one, i) => one.status === 'rejected' ? [[i, one.reason.kind]] : []);
return { right: settled.filter((one, i) => one.value?.sum === i + 1).length, refused };";
    assert_eq!(place.run(caught).json(), json!({ "right": 1000, "refused": [[1000, "limit"]] }));
}

#[test]
fn a_long_result_is_kept_whole() {
    let place = Place::new();
    let ended = place.run("return { text: 'äb'.repeat(20_000) }");
    let shown = ended.json();
    assert_eq!(shown["truncated"], true);
    let path = shown["path"].as_str().expect("a path");
    assert!(path.starts_with("results/run_") && path.ends_with(".json"), "{path}");
    let preview = shown["preview"].as_str().expect("a preview");
    assert!(preview.starts_with("{\"text\":\"äbäb") && preview.len() <= 2048, "{preview}");
    let file = place.workspace().join(path);
    let bytes = fs::read(&file).expect("the whole result");
    let whole: Value = serde_json::from_slice(&bytes).expect("JSON");
    assert_eq!(whole, json!({ "text": "äb".repeat(20_000) }));
    assert_eq!(shown["bytes"], bytes.len());
    assert_eq!(ended.err, format!("kept {} ({} bytes)\n", file.display(), bytes.len()));
}

#[test]
fn a_result_of_exactly_24_kib_is_shown() {
    let place = Place::new();
    let shown = place.run("return 'x'.repeat(24 * 1024 - 2)");
    assert_eq!(shown.json(), "x".repeat(24 * 1024 - 2));
    assert!(!place.workspace().exists(), "nothing was kept");
    assert_eq!(place.run("return 'x'.repeat(24 * 1024 - 1)").json()["truncated"], true);
}

#[test]
fn sizes_beyond_all_use_are_refused() {
    let place = Place::new();
    let ended = place.run(&format!("// {}\nreturn 1", "x".repeat(1 << 20)));
    assert!(ended.failure(3).contains("1048576 bytes that a program may have"), "{}", ended.err);
    let ended = place.run("return 'x'.repeat(65 << 20)");
    assert!(ended.failure(3).contains("its limit is 67108864"), "{}", ended.err);
}

#[test]
fn a_program_that_is_nested_too_deeply_is_told_so() {
    let place = Place::new();
    for (open, close) in [("[", "]"), ("(", ")"), ("{a:", "}")] {
        let program = format!("return {}1{}", open.repeat(60_000), close.repeat(60_000));
        let ended = place.run(&program);
        let message = ended.failure(1);
        assert!(message.contains("nested too deeply"), "{open}: {message}");
    }
}

#[test]
fn endless_recursion_is_the_programs_own_error() {
    let place = Place::new();
    let ended = place.run("const f = (n: number): number => f(n + 1) + 1\nreturn f(0)");
    assert!(ended.failure(1).starts_with("program.ts:1:"), "{}", ended.err);
    assert!(ended.err.contains("RangeError: Maximum call stack size exceeded"), "{}", ended.err);
    let caught = "const f = (): number => f() + 1\ntry { f() } catch (e) { return (e as Error).name }";
    assert_eq!(place.run(caught).json(), "RangeError");
}
