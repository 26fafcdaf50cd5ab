//! The wall under attack: every program of `tests/hostile` gets its verdict, in
//! time, on the command line and from one host that survives them all.

mod case;
mod host;

use std::{fs, path::Path, thread};

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

/// The programs that this machine can run.
fn cases(has_python: bool) -> Vec<Case> {
    case::all().into_iter().filter(|case| has_python || !case.is_python()).collect()
}

#[test]
fn there_are_programs() {
    let (python, others): (Vec<_>, Vec<_>) = case::all().into_iter().partition(Case::is_python);
    assert!(python.len() >= 60 && others.len() >= 60, "{} in Python, {} others", python.len(), others.len());
}

#[test]
fn the_command_line_judges_every_program() {
    let cases = cases(place().has_python());
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
        assert_eq!(&place.python(program, &[]).json(), finds, "{}: the next run", case.name);
    }
}

#[test]
fn one_host_survives_every_program() {
    let place = place();
    let has_python = place.has_python();
    let mut connection = Connection::open(&place);
    // Whatever is started or written once is there from now on.
    connection.run(WARMING);
    innocent(&mut connection, "typescript");
    if has_python {
        innocent(&mut connection, "python");
    }
    let before = settled(&connection, &place);
    let (threads, resident) = (status(connection.pid(), "Threads"), status(connection.pid(), "VmRSS"));
    for case in cases(has_python) {
        let arguments = json!({
            "code": case.source,
            "language": case.language(),
            "timeout_ms": case.timeout_ms,
            "memory_mb": case.memory_mb,
        });
        judge(&case, || {
            let answer = connection.call("execute_code", arguments.clone());
            let outcome = answer["structuredContent"].clone();
            found(&mut connection, &case);
            remove_kept(&place, &outcome);
            outcome
        });
        innocent(&mut connection, if case.is_python() { "python" } else { "typescript" });
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
