//! Types that are checked before a program runs: with the machine's native checker for TypeScript where
//! it has one, and without.

use std::{fs, path::PathBuf};

use serde_json::json;

use crate::{
    conformance::{
        self,
        case::{self, Section},
    },
    isolation::connection::Connection,
    place::Place,
    watch,
};

const PROGRAMS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/check");
const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples");

/// Cases of the conformance table whose programs are wrong by their types, and right in what they are to show.
const WRONG_BY_TYPES: &[&str] = &[
    // What is shown is what comes of them.
    "arguments_none",
    "arguments_of_another_type",
    "arguments_unknown",
    "errors_unknown_tool_caught",
    // A number that the schema's type has not.
    "numbers_large_as_arguments",
    // A result with another property than those that are declared.
    "replies_changed_by_the_program",
    "values_order_of_keys",
];

/// A mistake in the types of a program that would run.
const WRONG: &str =
    "import { up } from 'mcp-servers';\nconst n: number = 'text';\nreturn await up.add({ a: 1, b: 2 });\n";

fn place() -> Place {
    with_checker(Place::with_servers(&[("up", &[]), ("odd-name", &[])]))
}

/// The place with the checker that the tests are told to use, if they are.
fn with_checker(place: Place) -> Place {
    if let Some(named) = std::env::var_os("TERRAPHIM_TSC") {
        let named = named.to_str().expect("a path in UTF-8");
        place.file("terraphim.toml", format!("type_checker = {}\n", json!(named)));
    }
    place
}

/// Whether there is a checker; where there is none, that this is told. The variable makes that a failure.
fn has_checker(place: &Place) -> bool {
    let ended = place.run_with("return 1", &["--check"]);
    assert_eq!(ended.json(), 1);
    if ended.err.is_empty() {
        return true;
    }
    assert!(std::env::var_os("TERRAPHIM_REQUIRE_CHECKER").is_none(), "{}", ended.err);
    assert!(ended.err.contains("type check asked for, but no native checker was found"), "{}", ended.err);
    println!("types cannot be checked here: {}", ended.err);
    false
}

#[test]
fn a_checker_that_is_named_is_there_or_the_program_is_not_run() {
    let place = Place::with_servers(&[("up", &[])]);
    let program = "import { up } from 'mcp-servers';\nreturn await up.add({ a: 1, b: 2 });";
    place.file("terraphim.toml", "type_checker = 'nowhere/tsc'\n");
    let refused = place.run_with(program, &["--check"]);
    for words in [
        "the type check that was asked for cannot be done: `type_checker` of ",
        "nowhere/tsc, and it cannot be found: No such file",
        "name the program of TypeScript 7, or nothing for the one that is found",
    ] {
        assert!(refused.failure(4).contains(words), "{}", refused.err);
    }
    place.file("program.ts", program);
    let mut command = place.command(crate::place::BINARY.as_ref());
    command.args(["run", "program.ts", "--check"]).env("TERRAPHIM_TSC", "elsewhere/tsc");
    let output = command.output().expect("it runs");
    let err = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(4), "{err}");
    assert!(err.contains("TERRAPHIM_TSC names ") && err.contains("elsewhere/tsc"), "{err}");
    let quiet = place.run_with(program, &[]);
    assert_eq!((quiet.json(), quiet.err.as_str()), (json!({ "sum": 3 }), ""), "nobody has asked");
}

#[test]
fn an_outcome_says_whether_the_types_were_checked() {
    let place = place();
    let has_checker = has_checker(&place);
    place.file("program.ts", "return 1;");
    place.file("program.js", "return 1;");
    let state = |args: &[&str]| place.terraphim(args).outcome(0)["type_check"].clone();
    let expected = if has_checker { "passed" } else { "unavailable" };
    assert_eq!(state(&["run", "program.ts", "--check", "--json"]), expected);
    assert_eq!(state(&["run", "program.js", "--check", "--json"]), "unavailable");
    assert_eq!(state(&["run", "program.ts", "--json"]), json!(null), "nobody has asked");
    let mut connection = Connection::open(&place);
    let arguments = json!({ "code": "return 1;", "language": "javascript", "check": true });
    let answer = connection.call("execute_code", arguments)["structuredContent"].clone();
    assert_eq!(answer["type_check"], "unavailable", "{answer}");
}

#[test]
fn other_languages_are_not_checked_and_say_so() {
    let place = place();
    place.file("program.js", "const n = 1; return n;");
    let ended = place.terraphim(&["run", "program.js", "--check"]);
    assert_eq!(ended.json(), 1);
    assert!(
        ended.err.contains("types are checked in TypeScript alone, and this is javascript"),
        "{}",
        ended.err
    );
}

#[test]
fn a_program_with_wrong_types_is_not_run() {
    let place = place();
    if !has_checker(&place) {
        return;
    }
    let outcome = {
        place.file("program.ts", WRONG);
        place.terraphim(&["run", "program.ts", "--check", "--json"]).outcome(1)
    };
    let error = &outcome["error"];
    assert_eq!(error["kind"], "syntax");
    assert_eq!(error["message"], "Type 'string' is not assignable to type 'number' (TS2322)");
    assert_eq!((&error["line"], &error["column"]), (&json!(2), &json!(7)));
    assert_eq!(error["snippet"], "  2 | const n: number = 'text';\n    |       ^");
    assert_eq!((&outcome["usage"]["exit"], &outcome["usage"]["tool_calls"]), (&json!("refused"), &json!(0)));
    assert!(
        !place.path("up.journal").exists()
            || !fs::read_to_string(place.path("up.journal")).expect("a journal").contains("tools/call")
    );
    assert_eq!(place.run_with(WRONG, &[]).json(), json!({ "sum": 3 }), "nobody has asked");
}

#[test]
fn mistakes_in_calls_are_told_with_what_is_meant() {
    let place = place();
    if !has_checker(&place) {
        return;
    }
    for (program, told) in [
        (
            "import { up } from 'mcp-servers';\nreturn await up.ad({});",
            "2:17: Property 'ad' does not exist on type '{ ",
        ),
        (
            "import { up } from 'mcp-servers';\nreturn await up.add({ a: 1, bb: 2 });",
            "'bb' does not exist in type 'AddArgs' (TS2353)",
        ),
        (
            "import { up } from 'mcp-servers';\nreturn await up.add({ a: '1', b: 2 });",
            "2:23: Type 'string' is not assignable to type 'number' (TS2322)",
        ),
        (
            "import { up } from 'mcp-servers';\nreturn (await up.list_items({ count: 1 }))[0].lable;",
            "Did you mean 'label'? (TS2551)",
        ),
        ("import { upp } from 'mcp-servers';\nreturn upp;", "hint: did you mean up?"),
        ("import { up } from 'mcp-servers/upp';\nreturn up;", "hint: did you mean up?"),
        ("return fetch('https://example.com');", "hint: there is no network here: call a server's tool"),
        ("return require('fs');", "hint: write import { ... } from 'mcp-servers' or 'mcp-runtime'"),
        ("if (true) return;\nreturn 1 as string;", "2:8: Conversion of type 'number' to type 'string'"),
    ] {
        let ended = place.run_with(program, &["--check"]);
        let err = ended.failure(1);
        assert!(err.contains(told), "{program}: {err}");
    }
}

#[test]
fn right_programs_pass_and_run() {
    let place = place();
    if !has_checker(&place) {
        return;
    }
    let mut programs: Vec<PathBuf> =
        fs::read_dir(PROGRAMS).expect("programs").map(|entry| entry.expect("a file").path()).collect();
    programs.sort();
    assert!(programs.len() >= 10, "{}", programs.len());
    for program in programs {
        let ended = place.terraphim(&["run", program.to_str().expect("a path"), "--check"]);
        assert!(
            ended.status.success() && !ended.err.contains("type check"),
            "{}: {}",
            program.display(),
            ended.err
        );
    }
    let settings = format!("{EXAMPLES}/terraphim.toml");
    let named = std::env::var_os("TERRAPHIM_TSC");
    for example in ["analyze_patterns.ts", "compare_topics.ts"] {
        let program = format!("{EXAMPLES}/{example}");
        let mut command = place.command(crate::place::BINARY.as_ref());
        command.args(["run", &program, "--config", &settings, "--check"]);
        command.envs(named.iter().map(|named| ("TERRAPHIM_TSC", named)));
        let output = command.output().expect("it runs");
        let err = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && !err.contains("type check"), "{example}: {err}");
    }
}

#[test]
fn nothing_of_the_machine_is_read_for_a_program() {
    let place = place();
    if !has_checker(&place) {
        return;
    }
    let secret = place.path("tmp/secret.ts");
    fs::write(&secret, "export const password: 'hunter2' = 'hunter2';\n").expect("a file");
    let path = secret.with_extension("").display().to_string();
    place.file("node_modules/secret/index.d.ts", "export const password: 'hunter2';");
    place.file("node_modules/@types/leak/index.d.ts", "declare const leaked: 'hunter2';");
    for program in [
        format!("import {{ password }} from '{path}';\nconst n: number = password;"),
        format!("const secret = await import('{path}');\nconst n: number = secret.password;"),
        "import { password } from 'secret';\nconst n: number = password;".to_owned(),
        format!("/// <reference path=\"{}\"/>\nconst n: number = password;", secret.display()),
        "/// <reference types=\"leak\"/>\nconst n: number = leaked;".to_owned(),
        "/// <reference path=\"/etc/passwd\"/>\nimport x from '/etc/passwd';\nimport y from '../../../etc/hostname';\nconst n: number = x;".to_owned(),
        "/// <reference path=\"/proc/self/environ\"/>\nimport x from '/proc/1/environ';\nconst n: number = 'x';".to_owned(),
        "import x from '/check/tsconfig.json';\nimport y from '/check/tsconfig.json' with { type: 'json' };\nconst n: number = 'x';".to_owned(),
    ] {
        let ended = place.run_with(&program, &["--check"]);
        let err = ended.failure(1);
        assert!(err.contains("(TS"), "{program}: {err}");
        assert!(!err.contains("hunter2") && !err.contains("root:"), "{program}: {err}");
    }
}

#[test]
fn what_is_too_much_for_the_checker_ends_in_words() {
    let place = place();
    if !has_checker(&place) {
        return;
    }
    let each: String = (880..910).map(|n| format!("const y{n}: F<T<{n}>> = null as any;\n")).collect();
    let tuple = format!(
        "type T<N extends number, A extends any[] = []> = A['length'] extends N ? A : T<N, [...A, 0]>;\n\
         type F<T> = T extends [infer A, ...infer R] ? [A | F<R>, F<R>] : 0;\n{each}return 1;"
    );
    let ended = place.run_with(&tuple, &["--check"]);
    assert_eq!(ended.json(), 1, "it runs all the same");
    assert!(
        ended
            .err
            .contains("the types of the program take the checker more than 2s; the program ran unchecked"),
        "{}",
        ended.err
    );
    let members: Vec<String> = (0..60_000).map(|number| format!("'k{number}x'")).collect();
    let union = format!(
        "type U = {};\ndeclare const a: {{ [K in U]: `${{K}}-${{K}}` }};\nconst b: {{ [K in U]: 1 }} = null as any;\nreturn 1;",
        members.join("|")
    );
    let deep = format!("const x: {}1{} = null as any;\nreturn 1;", "[".repeat(100_000), "]".repeat(100_000));
    for program in [union, deep] {
        let ended = place.run_with(&program, &["--check"]);
        assert!(matches!(ended.status.code(), Some(0 | 1)), "{}", ended.err);
        assert!(ended.err.len() < 20_000, "{} bytes", ended.err.len());
        assert!(ended.took.as_secs() < 30, "{:?}", ended.took);
    }
    place.nothing_is_left();
}

#[test]
fn the_checker_stays_with_its_host_and_no_longer() {
    let place = place();
    if !has_checker(&place) {
        return;
    }
    let mut connection = Connection::open(&place);
    let check = |connection: &mut Connection, code: &str| {
        connection.call("execute_code", json!({ "code": code, "check": true }))
    };
    let host = connection.pid();
    let mut ours = Vec::new();
    for _ in 0..3 {
        let refused = check(&mut connection, WRONG);
        let text = refused["content"][0]["text"].as_str().expect("a text");
        assert!(refused["isError"] == true && text.contains(":2:7: Type 'string'"), "{text}");
        assert_eq!(check(&mut connection, "return 1;")["structuredContent"]["result"], 1);
        let now = checkers_of(host);
        assert_eq!(now.len(), 1, "{now:?}");
        assert!(ours.is_empty() || ours == now, "another one: {ours:?}, {now:?}");
        ours = now;
    }
    drop(connection);
    watch::eventually("the checker is gone with its host", || !ours.iter().any(|one| is_checker(*one)));
}

/// The numbers of the checkers that a host has started, by whatever detour.
fn checkers_of(host: u32) -> Vec<u32> {
    let parent = |process: u32| -> Option<u32> {
        let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
        status.lines().find_map(|line| line.strip_prefix("PPid:"))?.trim().parse().ok()
    };
    let processes = fs::read_dir("/proc").expect("processes").flatten();
    let numbers = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let is_ours =
        |process: &u32| std::iter::successors(parent(*process), |one| parent(*one)).any(|one| one == host);
    numbers.filter(|process| is_checker(*process) && is_ours(process)).collect()
}

fn is_checker(process: u32) -> bool {
    fs::read(format!("/proc/{process}/cmdline"))
        .is_ok_and(|words| words.starts_with(b"tsc\0--lsp\0--stdio\0"))
}

#[test]
fn sessions_know_what_earlier_programs_declared() {
    let place = place();
    if !has_checker(&place) {
        return;
    }
    let mut connection = Connection::open(&place);
    let mut run = |code: &str| {
        let arguments = json!({ "code": code, "check": true, "session_id": "s" });
        connection.call("execute_code", arguments)["structuredContent"].clone()
    };
    assert_eq!(run("const kept = [1, 2]; return 1;")["result"], 1);
    assert_eq!(run("return kept.length;")["result"], 2);
    let wrong = run("const n: number = 'x'; return kept.length;");
    assert_eq!(wrong["error"]["kind"], "syntax", "{wrong}");
}

#[test]
fn every_global_of_the_guest_is_declared_and_every_declared_one_is_there() {
    let place = place();
    let program = "const runtime = await import('mcp-runtime');
        return {
          globals: Object.getOwnPropertyNames(globalThis).filter(name => !/^(undefined|NaN|Infinity)$/.test(name)),
          runtime: Object.keys(runtime), console: Object.keys(console), workspace: Object.keys(runtime.workspace),
        };";
    let found = place.run_with(program, &[]).json();
    let names = |key: &str| -> Vec<String> {
        found[key]
            .as_array()
            .expect("names")
            .iter()
            .map(|name| name.as_str().expect("a name").to_owned())
            .collect()
    };
    let declarations = terraphim_mcp_codegen::RUNTIME_DECLARATIONS;
    let (globals, module) = declarations.split_once("declare module 'mcp-runtime'").expect("a module");
    let declared = |text: &str, marks: &[&str]| -> Vec<String> {
        let lines = text.lines().map(str::trim_start);
        let rests = lines.filter_map(|line| marks.iter().find_map(|mark| line.strip_prefix(mark)));
        rests
            .map(|rest| rest.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_owned())
            .collect()
    };
    let own = declared(globals, &["declare var ", "declare function "]);
    for name in &own {
        assert!(names("globals").contains(name), "{name} is declared, and not there");
    }
    let mut exported = declared(module, &["const "]);
    let mut there = names("runtime");
    exported.sort();
    there.sort();
    assert_eq!(exported, there);
    for (key, begin) in [("console", "interface Console {"), ("workspace", "const workspace: {")] {
        let (_, members) = declarations.split_once(begin).expect("members");
        let (members, _) = members.split_once('}').expect("an end");
        let names_of_members: Vec<_> = members
            .lines()
            .filter_map(|line| line.trim().split_once('('))
            .map(|(name, _)| name.to_owned())
            .collect();
        assert_eq!(names_of_members, names(key), "{key}");
    }
    if !has_checker(&place) {
        return;
    }
    let every: String = names("globals").iter().map(|name| format!("void {name};\n")).collect();
    let every = every + "return typeof runtimeIsThere;\ndeclare const runtimeIsThere: undefined;";
    let ended = place.run_with(&every, &["--check"]);
    assert!(!ended.err.contains("Cannot find name"), "{}", ended.err);
}

#[test]
fn checks_change_no_verdict_of_the_conformance_table() {
    let place = with_checker(conformance::place());
    if !has_checker(&place) {
        return;
    }
    let mut connection = Connection::open(&place);
    let (mut wrong, mut count) = (Vec::new(), 0);
    for case in case::all() {
        let Some(Section::Programs { programs, .. }) = case.section("typescript") else { continue };
        conformance::clear(&place);
        for program in programs {
            count += 1;
            let mut run = |check: bool| {
                let arguments = json!({
                    "code": program, "timeout_ms": case.timeout_ms("typescript"), "memory_mb": case.memory_mb, "check": check,
                });
                connection.call("execute_code", arguments)["structuredContent"]["error"].clone()
            };
            let message = run(true)["message"].as_str().unwrap_or_default().to_owned();
            let is_refused = message.contains("(TS");
            if is_refused && !WRONG_BY_TYPES.contains(&case.name.as_str()) && run(false).is_null() {
                wrong.push(format!("{}: {message}", case.name));
            }
        }
    }
    assert!(count >= 60, "{count} programs");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
