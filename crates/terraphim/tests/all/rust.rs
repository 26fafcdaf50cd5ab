//! Rust programs through the real binary: what they are made of, their results,
//! their complaints, and what is kept of them.

mod attacks;
mod cache;

use std::time::{Duration, Instant};

use serde_json::json;

use crate::place::Place;

#[test]
fn the_result_is_what_main_returns_or_prints() {
    let place = Place::new();
    if !place.has_rust() {
        return;
    }
    for (program, result) in [
        ("fn main() { println!(\"{}\", 6 * 7); }", json!(42)),
        ("fn main() { println!(\"{{\\\"a\\\": [1, null]}}\"); }", json!({ "a": [1, null] })),
        ("fn main() { println!(\"one\"); println!(\"two\"); }", json!("one\ntwo")),
        ("fn main() {}", json!(null)),
        ("fn main() { eprintln!(\"a log\"); print!(\"007\"); }", json!("007")),
        ("fn main() -> Result<(), String> { Ok(()) }", json!(null)),
        ("fn main() { std::process::exit(0) }", json!(null)),
        (
            "use mcp_runtime::{json, Result, Value};\nfn main() -> Result<Value> { Ok(json!({ \"a\": [1, 2] })) }",
            json!({ "a": [1, 2] }),
        ),
        (
            "fn main() { let sums: Vec<u64> = (0..4).map(|n| std::thread::spawn(move || (0..=n * 1000).sum()))
               .map(|t| t.join().unwrap()).collect(); println!(\"{sums:?}\"); }",
            json!([0, 500_500, 2_001_000, 4_501_500]),
        ),
        (
            "fn main() { let caught = std::panic::catch_unwind(|| panic!(\"x\")).is_err(); println!(\"{caught}\"); }",
            json!(true),
        ),
    ] {
        assert_eq!(place.rust(program, &[]).json(), result, "{program}");
    }
}

#[test]
fn complaints_of_the_compiler_are_in_the_programs_own_lines() {
    let place = Place::with_servers(&[("up", &[])]);
    if !place.has_rust() {
        return;
    }
    for (program, words) in [
        ("fn main() {\n    let x: u32 = \"a\";\n}", "program.rs:2:18: mismatched types [E0308]"),
        ("fn main() {\n    let x = 1\n    let y = 2;\n}", "program.rs:2:14: expected `;`"),
        ("fn main() {\n    pritnln!(\"x\");\n}", "program.rs:2:5: cannot find macro `pritnln`"),
        ("fn main() {\n    pritnln!(\"x\");\n}", "hint: a macro with a similar name exists"),
        (
            "fn main() {\n    a();\n    b();\n    c();\n}",
            "program.rs:4:5: cannot find function `c` in this scope",
        ),
        ("fn main() { a(); b(); c(); d(); e(); f(); g(); }", "(and 2 more errors)"),
        ("fn main() {\n    let s = String::new();\n    let t = s;\n    println!(\"{s}\");\n}", "[E0382]"),
        ("fn go() {}", "[E0601]"),
        ("use serde::Serialize;\nfn main() {}", "and no other crates"),
        ("fn main() {\n    tokio::spawn(async {});\n}", "and no other crates"),
        ("extern crate rand;\nfn main() {}", "and no other crates"),
        ("use mcp_servers::upp;\nfn main() {}", "did you mean up?"),
        ("fn main() { mcp_servers::nothing_like_it::echo(); }", "the servers are"),
        (
            "extern \"C\" { fn no_such_function(); }\nfn main() { unsafe { no_such_function() } }",
            "no_such_function",
        ),
        ("fn main() { println!(\"{}\", \"open); }", "[E0765]"),
        ("#![feature(box_patterns)]\nfn main() {}", "E0554"),
    ] {
        let ended = place.rust(program, &[]);
        let err = ended.failure(1);
        assert!(err.contains(words), "{program}: {err}");
        assert!(err.len() < 4_000, "{err}");
    }
}

#[test]
fn a_failure_says_where_and_why() {
    let place = Place::with_servers(&[("up", &[])]);
    if !place.has_rust() {
        return;
    }
    for (program, words) in [
        ("fn main() {\n    panic!(\"no luck\");\n}", "program.rs:2:5: the program panicked: no luck"),
        (
            "fn main() {\n    let v = [1, 2];\n    let n = v.len();\n    println!(\"{}\", v[n]);\n}",
            "program.rs:4:",
        ),
        ("fn main() { \"x\".parse::<u8>().unwrap(); }", "InvalidDigit"),
        ("fn main() { std::process::exit(3) }", "exit code 3"),
        ("fn main() -> Result<(), String> { Err(\"wrong\".into()) }", "exit code 1: Error: \"wrong\""),
        ("fn main() { let mut n = 255u8; for _ in 0..2 { n += 1; } println!(\"{n}\"); }", "overflow"),
        (
            "fn f(n: u64) -> u64 { if n == 0 { 0 } else { 1 + f(n + 1) } }\nfn main() { println!(\"{}\", f(1)); }",
            "overflowed its stack",
        ),
        ("fn main() { std::process::abort() }", "ended by SIGABRT"),
        ("fn main() { unsafe { std::ptr::null_mut::<u8>().write_volatile(1) } }", "ended by SIGSEGV"),
        (
            "use mcp_runtime::{call, json};\nfn main() -> mcp_runtime::Result<()> { call(\"up\", \"fail\", json!({}))?; Ok(()) }",
            "program.rs:2:40: up.fail failed: it failed on purpose",
        ),
        (
            "use mcp_servers::up;\nuse mcp_runtime::prelude::*;\nfn main() -> Result<Value> {\n    \
             let all = parallel(&[1, 2], |_| up::fail());\n    let all: Result<Vec<_>> = all.into_iter().collect();\n    all?;\n    \
             Ok(json!(1))\n}",
            "program.rs:4:37: up.fail failed: it failed on purpose",
        ),
        (
            "fn main() -> mcp_runtime::Result<()> {\n    let n: u8 = \"x\".parse()?;\n    println!(\"{n}\");\n    Ok(())\n}",
            "program.rs:2:17: exit code 1: Error: invalid digit found in string",
        ),
        (
            "fn main() -> mcp_runtime::Result<()> {\n    Err(\"no\".into())\n}",
            "program.rs:2:14: exit code 1: Error: no",
        ),
        (
            "fn main() -> Result<(), String> {\n    Err(\"no\".into())\n}",
            "hint: let `main` return `mcp_runtime::Result`",
        ),
        (
            "use mcp_runtime::{call, json};\nfn main() {\n    call(\"up\", \"fail\", json!({})).unwrap();\n}",
            "program.rs:3:35: up.fail failed: it failed on purpose",
        ),
        (
            "use mcp_runtime::{call, json};\nfn main() { call(\"up\", \"ecko\", json!({})).unwrap(); }",
            "did you mean",
        ),
    ] {
        let ended = place.rust(program, &[]);
        assert!(ended.failure(1).contains(words), "{program}: {}", ended.err);
    }
}

#[test]
fn limits_end_a_program_with_words_that_help() {
    let place = Place::new();
    if !place.has_rust() {
        return;
    }
    for (program, args, words) in [
        ("fn main() { loop {} }", &["--timeout", "2s"][..], "ran longer than its limit of"),
        (
            "fn main() { let mut all = Vec::new(); loop { all.push(vec![1u8; 1 << 20]); } }",
            &["--memory", "64"],
            "more than its 64 MiB of memory",
        ),
        (
            "fn main() { loop { println!(\"{}\", \"x\".repeat(100_000)); } }",
            &["--memory", "32"],
            "the result has more than",
        ),
    ] {
        let ended = place.rust(program, args);
        assert!(ended.failure(3).contains(words), "{program}: {}", ended.err);
    }
    let full = "use std::io::Write;\nfn main() { let mut f = std::fs::File::create(\"f\").unwrap();
        loop { f.write_all(&[0; 1 << 16]).unwrap(); } }";
    let ended = place.rust(full, &[]);
    let err = ended.failure(1);
    assert!(err.contains("SIGXFSZ") || err.contains("File too large"), "{err}");
}

#[test]
fn tools_are_called_one_by_one_and_by_many_threads() {
    let place = Place::with_servers(&[("up", &[]), ("other", &[])]);
    if !place.has_rust() {
        return;
    }
    let program = r#"
use mcp_runtime::{call, json, Result, Value};
use mcp_servers::up;

fn main() -> Result<Value> {
    let one = call("up", "echo", json!({ "text": "a" }))?;
    let threads: Vec<_> = (0..12)
        .map(|n| std::thread::spawn(move || call("up", "add", json!({ "a": n, "b": 1 }))))
        .collect();
    let many: Result<Vec<Value>> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    let typed = up::add(up::Add { a: 2.0, b: 3.0 })?;
    let failed = call("up", "fail", json!({})).unwrap_err().to_string();
    Ok(json!({ "one": one, "many": many?, "typed": typed, "failed": failed }))
}"#;
    let told = place.rust(program, &[]).json();
    assert!(told["one"].to_string().contains('a'), "{told}");
    assert_eq!(told["many"].as_array().expect("a list").len(), 12, "{told}");
    assert!(told["typed"].to_string().contains('5'), "{told}");
    assert!(told["failed"].as_str().expect("a text").contains("it failed on purpose"), "{told}");
}

#[test]
fn a_server_that_cannot_be_used_stops_only_programs_that_name_it() {
    let place = Place::with_servers(&[("up", &[]), ("dead", &["--exit-at-start"])]);
    if !place.has_rust() {
        return;
    }
    let good = "use mcp_servers::up;\nfn main() { let _ = up::add; println!(\"fine\"); }";
    assert_eq!(place.rust(good, &[]).json(), "fine");
    let bad = "use mcp_servers::dead;\nfn main() { println!(\"never\"); }";
    let ended = place.rust(bad, &[]);
    assert!(ended.failure(1).contains("the server `dead`"), "{}", ended.err);
}

#[test]
fn files_are_the_workspace() {
    let place = Place::new();
    if !place.has_rust() {
        return;
    }
    std::fs::create_dir_all(place.workspace()).expect("a folder");
    std::fs::write(place.workspace().join("in.txt"), "before").expect("a file");
    let program = "use std::fs;
fn main() {
    let text = fs::read_to_string(\"in.txt\").unwrap();
    fs::write(\"out.txt\", text + \" and after\").unwrap();
    let mut names: Vec<_> = fs::read_dir(\".\").unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    println!(\"{names:?}\");
}";
    let outcome = place.rust(program, &["--json"]).json();
    assert_eq!(outcome["result"], json!(["in.txt", "out.txt"]));
    assert_eq!(outcome["files"][0]["path"], "out.txt", "{outcome}");
    let written = std::fs::read_to_string(place.workspace().join("out.txt")).expect("a file");
    assert_eq!(written, "before and after");
}

#[test]
fn compiling_is_part_of_the_runs_time() {
    let place = Place::new();
    if !place.has_rust() {
        return;
    }
    let began = Instant::now();
    let ended = place.rust(attacks::COMPILE_BOMB, &["--timeout", "3s"]);
    assert!(ended.failure(3).contains("compiling took longer than the 3 s"), "{}", ended.err);
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
}
