//! The wall under attack: every program of `tests/hostile` gets its verdict, in
//! time, on the command line and from one host that survives them all.

mod case;
mod host;

use std::{fs, thread};

use serde_json::{Value, json};

use self::{
    case::Case,
    host::{Holdings, status},
};
use crate::{isolation::connection::Connection, place::Place, watch};

/// A verdict must be right each time, and in time once: the machine has other work.
const ATTEMPTS: usize = 3;

/// How much more memory the host may hold after all programs than before, in KiB.
const GROWTH_KIB: u64 = 192 << 10;

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

#[test]
fn there_are_programs() {
    assert!(case::all().len() >= 60, "{} programs", case::all().len());
}

#[test]
fn the_command_line_judges_every_program() {
    let cases = case::all();
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
}

#[test]
fn one_host_survives_every_program() {
    let place = place();
    let mut connection = Connection::open(&place);
    // Whatever is started or written once is there from now on.
    connection.run(WARMING);
    innocent(&mut connection);
    let before = settled(&connection, &place);
    let (threads, resident) = (status(connection.pid(), "Threads"), status(connection.pid(), "VmRSS"));
    for case in case::all() {
        let arguments = json!({
            "code": case.source,
            "language": if case.is_javascript() { "javascript" } else { "typescript" },
            "timeout_ms": case.timeout_ms,
            "memory_mb": case.memory_mb,
        });
        judge(&case, || {
            let answer = connection.call("execute_code", arguments.clone());
            let outcome = answer["structuredContent"].clone();
            // What a run says that it kept is all that it may leave.
            for file in outcome["files"].as_array().into_iter().flatten() {
                let path = place.workspace().join(file["path"].as_str().expect("a path"));
                fs::remove_file(path).expect("the file that was kept");
            }
            outcome
        });
        innocent(&mut connection);
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

/// A run that must be right whatever was run before it.
fn innocent(connection: &mut Connection) {
    let program =
        "import { up } from 'mcp-servers'\nreturn [(await up.add({ a: 40, b: 2 })).sum, [1].map(String)]";
    let outcome = connection.run(program);
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
