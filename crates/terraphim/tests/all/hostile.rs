//! The wall under attack: every program of `tests/hostile` gets its verdict, in
//! time, on the command line and from one host that survives them all.

mod case;
mod host;

use std::{fs, path::Path, thread, time::Instant};

use serde_json::{Value, json};

use self::{
    case::Case,
    host::{Holdings, status},
};
use crate::{conformance, isolation::connection::Connection, place::Place, watch};

/// A verdict must be right each time, and in time once: the machine has other work.
const ATTEMPTS: usize = 3;

/// How much more memory the host may hold after all programs than before, in KiB.
const GROWTH_KIB: u64 = 192 << 10;

/// How many files of a run an answer names; of more it only says how many.
const NAMED_FILES: usize = 50;

/// Programs that the command line runs side by side.
const LANES: usize = 2;

fn place() -> Place {
    Place::with_servers(&[("up", &[])])
}

/// Runs a program until its verdict came in time; it must be right whenever it came.
fn judge(case: &Case, mut attempt: impl FnMut() -> Value) {
    let in_time = (0..ATTEMPTS).any(|_| {
        let outcome = attempt();
        case.check(&outcome);
        !case.is_late(&outcome)
    });
    assert!(in_time, "{}: no verdict of {ATTEMPTS} came in time", case.name);
}

/// Whether programs of this language can run on this machine.
fn has(language: &str) -> bool {
    match language {
        "python" => place().has_python(),
        "bash" => place().has_bash(),
        "rust" => place().has_rust(),
        _ => true,
    }
}

/// The programs of a language, and those in what it is an extension of, that this machine can run.
fn cases(language: &str) -> Vec<Case> {
    let mut cases = case::all();
    let is_one_of = |case: &Case| match case.language() {
        "javascript" => language == "typescript",
        other => language == other,
    };
    cases.retain(|case| is_one_of(case) && case.is_for_this_machine());
    if has(language) { cases } else { Vec::new() }
}

#[test]
fn there_are_programs() {
    let cases = case::all();
    for (language, least) in [("typescript", 60), ("python", 60), ("bash", 40), ("rust", 60)] {
        let count = cases.iter().filter(|case| case.language() == language).count();
        assert!(count >= least, "{count} in {language}");
    }
}

#[test]
fn the_command_line_judges_every_program_in_typescript() {
    the_command_line_judges_every_program("typescript");
}

#[test]
fn the_command_line_judges_every_program_in_python() {
    the_command_line_judges_every_program("python");
}

#[test]
fn the_command_line_judges_every_program_in_bash() {
    the_command_line_judges_every_program("bash");
}

#[test]
fn the_command_line_judges_every_program_in_rust() {
    the_command_line_judges_every_program("rust");
}

fn the_command_line_judges_every_program(language: &str) {
    let cases = cases(language);
    thread::scope(|scope| {
        for lane in 0..LANES {
            let cases = cases.iter().skip(lane).step_by(LANES);
            scope.spawn(move || cases.for_each(on_the_command_line));
        }
    });
}

fn on_the_command_line(case: &Case) {
    let place = place();
    let (timeout, memory) = (format!("{}ms", case.timeout_ms), case.memory_mb.to_string());
    place.file(&case.name, &case.source);
    let arguments = ["run", &case.name, "--timeout", &timeout, "--memory", &memory];
    let run = |arguments: &[&str]| {
        let ended = place.terraphim(arguments);
        assert_eq!(ended.status.code(), Some(case.exit_code()), "{}: {}{}", case.name, ended.out, ended.err);
        ended
    };
    if case.is_limit() {
        // The time is in the whole outcome, which costs the count of its tokens.
        judge(case, || run(&[&arguments[..], &["--json"]].concat()).outcome(case.exit_code()));
    } else {
        let ended = run(&arguments);
        case.check_shown(&ended.out, &ended.err);
    }
    if let Some((program, finds)) = case.next() {
        let name = format!("next.{}", case.name.rsplit('.').next().unwrap_or_default());
        place.file(&name, program);
        assert_eq!(&place.terraphim(&["run", &name]).json(), finds, "{}: the next run", case.name);
    }
}

#[test]
fn one_host_survives_every_program_in_typescript() {
    one_host_survives_every_program("typescript");
}

#[test]
fn one_host_survives_every_program_in_python() {
    one_host_survives_every_program("python");
}

#[test]
fn one_host_survives_every_program_in_bash() {
    one_host_survives_every_program("bash");
}

#[test]
fn one_host_survives_every_program_in_rust() {
    one_host_survives_every_program("rust");
}

fn one_host_survives_every_program(language: &str) {
    let cases = cases(language);
    if cases.is_empty() {
        // Why is told; the programs of the other languages are another test's.
        return;
    }
    let place = place();
    let mut connection = Connection::open(&place);
    // Whatever is started or written once is there from now on.
    connection.run(WARMING);
    innocent(&mut connection, "typescript");
    innocent(&mut connection, language);
    let before = settled(&connection, &place);
    let (threads, resident) = (status(connection.pid(), "Threads"), status(connection.pid(), "VmRSS"));
    for case in cases {
        let arguments = json!({
            "code": case.source,
            "language": case.language(),
            "timeout_ms": case.timeout_ms,
            "memory_mb": case.memory_mb,
        });
        judge(&case, || {
            let began = Instant::now();
            let answer = connection.call("execute_code", arguments.clone());
            let mut outcome = answer["structuredContent"].clone();
            if outcome["usage"]["exit"] == "refused" {
                // What did not begin names no time, but its compiler may have taken some.
                outcome["usage"]["wall_ms"] = json!(began.elapsed().as_millis());
            }
            found(&mut connection, &case);
            remove_kept(&place, &outcome);
            outcome
        });
        innocent(&mut connection, case.language());
        let after = host::eventually(&before, || Holdings::of(connection.pid(), &place));
        assert_eq!(after, before, "the host is not as it was before {}", case.name);
    }
    watch::eventually("its threads are as before", || status(connection.pid(), "Threads") <= threads);
    let grown = status(connection.pid(), "VmRSS").saturating_sub(resident);
    assert!(grown < GROWTH_KIB, "the host has grown by {grown} KiB");
}

/// Uses everything that a host starts or writes when it is first needed.
const WARMING: &str = "
import { up } from 'mcp-servers';
import { getToolDocs, searchTools, workspace } from 'mcp-runtime';
await workspace.list();
return [await searchTools('add'), await getToolDocs('up.add'), await up.add({ a: 1, b: 2 })];";

/// What a run says that it kept is all that it may leave, folders aside.
fn remove_kept(place: &Place, outcome: &Value) {
    let files: Vec<_> = outcome["files"].as_array().into_iter().flatten().collect();
    if files.len() >= NAMED_FILES {
        return conformance::clear(place);
    }
    for file in files {
        let path = place.workspace().join(file["path"].as_str().expect("a path"));
        fs::remove_file(path).expect("the file that was kept");
    }
    remove_empty_folders(&place.workspace());
}

fn remove_empty_folders(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove_empty_folders(&entry.path());
            // One with a file in it stays, and is seen by who looks for files.
            let _ = fs::remove_dir(entry.path());
        }
    }
}

/// Runs the program that is to find what a case has left.
fn found(connection: &mut Connection, case: &Case) {
    if let Some((program, finds)) = case.next() {
        let arguments = json!({ "code": program, "language": case.language() });
        let answer = connection.call("execute_code", arguments);
        let outcome = &answer["structuredContent"];
        assert_eq!(&outcome["result"], finds, "{}: the next run: {outcome}", case.name);
    }
}

/// A run that must be right whatever was run before it.
fn innocent(connection: &mut Connection, language: &str) {
    let program = match language {
        "python" => "from mcp_servers import up\n[up.add(a=40, b=2)['sum'], list(map(str, [1]))]",
        "bash" => {
            "sum=$(mcp call up.add a:=40 b:=2 | jq .sum); jq -nc --argjson sum $sum '[$sum, [1 | tostring]]'"
        }
        "rust" => {
            "use mcp_runtime::prelude::*;\nuse mcp_servers::up::{self, Add};\n\
             fn main() -> Result<Value> { Ok(json!([up::add(Add { a: 40.0, b: 2.0 })?[\"sum\"], [\"1\"]])) }"
        }
        _ => {
            "import { up } from 'mcp-servers'\nreturn [(await up.add({ a: 40, b: 2 })).sum, [1].map(String)]"
        }
    };
    let answer = connection.call("execute_code", json!({ "code": program, "language": language }));
    let outcome = &answer["structuredContent"];
    assert_eq!(outcome["result"], json!([42, ["1"]]), "{outcome}");
}

/// What the host holds once it holds the same for a while.
fn settled(connection: &Connection, place: &Place) -> Holdings {
    let mut last = Holdings::of(connection.pid(), place);
    let mut same = 0;
    watch::eventually("the host settles", || {
        let now = Holdings::of(connection.pid(), place);
        same = if now == last { same + 1 } else { 0 };
        last = now;
        same > 50
    });
    last
}
