//! Whatever ends a run, nothing of it stays: no guest, no server, no helper.

use std::{os::unix::process::ExitStatusExt, process::Stdio};

use rustix::process::Signal;

use crate::{
    place::{Place, Running, all_gone},
    watch::{self, Watched},
};

/// Starts a program that has made a call and then goes on for ever.
fn start_endless(place: &Place, ending: &str) -> (Running, Vec<Watched>) {
    place.file("program.ts", format!("import {{ up }} from 'mcp-servers'\nawait up.echo({{}})\n{ending}"));
    let running = place.start(&["run", "program.ts", "--json", "--timeout", "5m"]);
    place.called("up");
    let family = watch::descendants(running.pid);
    assert!(family.iter().any(Watched::is_guest), "a guest is under way: {family:?}");
    (running, family)
}

const ENDLESS: [&str; 2] = ["for (;;) {}", "await new Promise(r => setTimeout(r, 1e9))"];

#[test]
fn what_is_left_would_be_seen() {
    let place = Place::new();
    let name = place.path("").display().to_string();
    let mut command = place.command("/bin/sh".as_ref());
    let mut left = command.args(["-c", "read line"]).stdin(Stdio::piped()).spawn().expect("a shell");
    watch::eventually("it is seen", || watch::mentioning(&name).len() == 1);
    drop(left.stdin.take());
    place.nothing_is_left();
    left.wait().expect("its end");
}

#[test]
fn a_finished_run_leaves_nothing() {
    let place = Place::with_servers(&[("up", &[])]);
    place.file("program.ts", "import { up } from 'mcp-servers'\nreturn await up.slow({ ms: 300 })");
    let running = place.start(&["run", "program.ts", "--json"]);
    place.called("up");
    let family = watch::descendants(running.pid);
    assert!(family.iter().any(Watched::is_guest), "a guest is under way: {family:?}");
    assert_eq!(running.end().outcome(0)["result"], "done");
    all_gone(&family);
    place.nothing_is_left();
}

#[test]
fn a_stubborn_child_of_a_server_is_ended_too() {
    let place = Place::with_servers(&[("up", &["--grandchild"])]);
    let ended = place.run("import { up } from 'mcp-servers'\nreturn (await up.add({ a: 1, b: 2 })).sum");
    assert_eq!(ended.json(), 3);
}

#[test]
fn an_asked_end_is_orderly() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130)] {
        for ending in ENDLESS {
            let place = Place::with_servers(&[("up", &[])]);
            let (running, family) = start_endless(&place, ending);
            watch::signal(running.pid, signal);
            let outcome = place.finish(running).outcome(code);
            assert_eq!(outcome["error"]["message"], "the run was cancelled", "{ending}");
            all_gone(&family);
        }
    }
}

#[test]
fn a_sudden_end_leaves_nothing_either() {
    for ending in ENDLESS {
        let place = Place::with_servers(&[("up", &[])]);
        let (running, family) = start_endless(&place, ending);
        watch::signal(running.pid, Signal::KILL);
        all_gone(&family);
        let ended = place.finish(running);
        assert_eq!(ended.status.signal(), Some(9), "{}", ended.err);
    }
}

#[test]
fn a_reader_that_is_gone_is_no_error() {
    let place = Place::new();
    place.file("a.ts", "return 'x'.repeat(20_000)");
    let script = "\"$0\" run a.ts | :; echo done";
    let ended = place.complete(place.command("/bin/sh".as_ref()).args(["-c", script, crate::place::BINARY]));
    assert_eq!((ended.success(), ended.err.as_str()), ("done\n", ""));
    let script = "\"$0\" run a.ts > /dev/full";
    let ended = place.complete(place.command("/bin/sh".as_ref()).args(["-c", script, crate::place::BINARY]));
    assert!(ended.failure(1).starts_with("error: failed to write to standard output: "), "{}", ended.err);
}
