//! Small programs over the runtime: what they print, and how they end.

use std::{
    fs,
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use expect_test::expect_file;
use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use serde_json::Value;

use crate::hostile::schema;

use super::{broker::run, compiler::compiler};

/// The programs of the folder `programs` with the end of their standard error and their exit
/// code; what they print stands beside them.
const CASES: &[(&str, &str, i32)] = &[
    ("json", "", 0),
    ("helpers", "", 0),
    ("calls", "", 0),
    ("printed", "", 0),
    ("plain_value", "", 0),
    ("fails", "Error: \nmcp: notes.fail failed: no\n  such note\nhint: look for it\nat 3:17\n", 1),
    (
        "fails_boxed",
        "Error: \nmcp: notes.missing: no missing\nhint: find tools with mcp_runtime::search_tools(\"what you need\")\nat 2:5\n",
        1,
    ),
    ("unwraps", "value: \nmcp: notes.fail failed: no\n  such note\nhint: look for it\nat 2:5\n", 101),
    ("own_error", "Error: invalid digit found in string\nat 2:23\n", 1),
    ("parallel", "", 0),
    ("broken", "", 0),
    ("structs", "", 0),
];

#[test]
fn programs_print_what_they_should() {
    let Some(compiler) = compiler() else { return };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/all/rust/programs");
    let texts =
        fs::read_dir(&folder).unwrap().filter_map(|file| file.unwrap().file_name().into_string().ok());
    assert_eq!(texts.filter(|name| name.ends_with(".rs")).count(), CASES.len());
    for (name, errors, code) in CASES {
        let text = fs::read_to_string(folder.join(format!("{name}.rs"))).unwrap();
        let program = compiler.program(&format!("case_{name}"), &text, &[]);
        let (output, _) = run(&program.unwrap_or_else(|said| panic!("{name}: {said}")));
        let told = String::from_utf8_lossy(&output.stderr);
        // Places are told without the folder.
        let file = format!("case_{name}.rs:");
        let placed = told.rsplit_once("\nat ").and_then(|(said, at)| Some((said, at.split_once(&file)?.1)));
        let told = placed.map_or(told.to_string(), |(said, place)| format!("{said}\nat {place}"));
        assert!(if errors.is_empty() { told.is_empty() } else { told.ends_with(errors) }, "{name}: {told}");
        assert_eq!(output.status.code(), Some(*code), "{name}: {told}");
        expect_file![folder.join(format!("{name}.out"))].assert_eq(&String::from_utf8_lossy(&output.stdout));
    }
}

#[test]
fn a_sequence_of_calls_uses_one_connection() {
    let Some(compiler) = compiler() else { return };
    let text = r#"fn main() -> mcp_runtime::Result<()> {
        for n in 0..200 {
            mcp_runtime::call("notes", "echo", mcp_runtime::json!({ "n": n }))?;
        }
        Ok(())
    }"#;
    let (output, seen) = run(&compiler.program("sequence", text, &[]).unwrap());
    assert!(output.status.success(), "{output:?}");
    assert_eq!((seen.calls.len(), seen.connections.len()), (200, 1));
    assert_eq!(seen.calls[3].0, "tool");
    let call = r#"{"server":"notes","tool":"echo","raw":false,"arguments":{"n":3}}"#;
    assert_eq!(seen.calls[3].1.to_string(), call);
}

#[test]
fn more_threads_than_connections_wait_for_each_other() {
    let Some(compiler) = compiler() else { return };
    let text = r#"use std::thread;
        fn main() {
            let calls = (0..100).map(|n| {
                thread::spawn(move || mcp_runtime::call("notes", "echo", mcp_runtime::json!({ "n": n })))
            });
            let calls: Vec<_> = calls.collect();
            let all: i64 = calls.into_iter().map(|one| one.join().unwrap().unwrap()["n"].as_i64().unwrap()).sum();
            println!("{all}");
        }"#;
    let (output, seen) = run(&compiler.program("threads", text, &[]).unwrap());
    assert_eq!(String::from_utf8_lossy(&output.stdout), "4950\n", "{output:?}");
    assert!(seen.connections.len() <= 32, "{}", seen.connections.len());
}

#[test]
fn without_a_host_a_call_says_so() {
    let Some(compiler) = compiler() else { return };
    let text = r#"fn main() -> mcp_runtime::Result<()> { mcp_runtime::call("a", "b", ()).map(|_| ()) }"#;
    let program = compiler.program("alone", text, &[]).unwrap();
    let closed = Command::new("/bin/sh").args(["-c", "exec \"$0\" 9<&-"]).arg(program).output();
    let closed = closed.unwrap();
    let errors = String::from_utf8_lossy(&closed.stderr);
    assert!(errors.contains("\nmcp: a.b: the host cannot be reached: descriptor 9 "), "{errors}");
    assert_eq!(closed.status.code(), Some(1));
}

/// Arbitrary JSON, and the same with a few characters changed.
fn texts(count: usize) -> Vec<String> {
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let changed = prop::collection::vec(
        (any::<prop::sample::Index>(), prop::sample::select(&b"[]{},:\"\\0-.eEtn /u\t"[..])),
        0..3,
    );
    let text = (schema(), changed).prop_map(|(value, changes)| {
        let mut text = value.to_string().into_bytes();
        for (at, byte) in changes {
            let at = at.index(text.len());
            if let Some(slot) = text.get_mut(at).filter(|byte| byte.is_ascii()) {
                *slot = byte;
            }
        }
        String::from_utf8(text).expect("ASCII in the place of ASCII").replace('\n', " ")
    });
    (0..count).map(|_| text.new_tree(&mut runner).expect("a text").current()).collect()
}

#[test]
fn it_reads_what_another_reader_reads() {
    let Some(compiler) = compiler() else { return };
    let program = r#"fn main() {
            for line in std::io::stdin().lines() {
                match mcp_runtime::from_str::<mcp_runtime::Value>(&line.unwrap()) {
                    Ok(value) => println!("{value}"),
                    Err(_) => println!("no"),
                }
            }
        }"#;
    let program = compiler.program("reader", program, &[]).unwrap();
    let texts = texts(3_000);
    let mut running = Command::new(program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = running.stdin.take().unwrap();
    let lines = texts.join("\n");
    let writing = std::thread::spawn(move || input.write_all(lines.as_bytes()));
    let output = running.wait_with_output().unwrap();
    writing.join().unwrap().unwrap();
    let read = String::from_utf8(output.stdout).unwrap();
    let read: Vec<&str> = read.lines().collect();
    assert_eq!(read.len(), texts.len());
    let (mut good, mut bad) = (0, 0);
    for (text, read) in texts.iter().zip(read) {
        match serde_json::from_str::<Value>(text) {
            Ok(value) => {
                good += 1;
                let read: Value =
                    serde_json::from_str(read).unwrap_or_else(|error| panic!("{text}: {read}: {error}"));
                assert!(same(&value, &read), "{text}: {read}");
            }
            // The other reader has no numbers that no double holds, and takes no halves of pairs.
            Err(error) if error.to_string().contains("out of range") || text.contains("\\u") => {}
            Err(_) => {
                bad += 1;
                assert_eq!(read, "no", "{text}");
            }
        }
    }
    assert!(good > 1_000 && bad > 500, "{good} and {bad}");
}

/// Whether two values are equal, where a whole double is as good as an integer.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one == other || one.as_f64() == other.as_f64(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.keys().eq(other.keys())
                && one.values().zip(other.values()).all(|(one, other)| same(one, other))
        }
        (one, other) => one == other,
    }
}
