//! The end that nobody asked for.

use std::{
    io::Write,
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

use rustix::process::Signal;

use super::face::{Face, PATIENCE, calls, hold_every_place};
use crate::{
    place::{BINARY, Place, all_gone},
    watch::{self, Watched},
};

#[test]
fn a_killed_host_leaves_nothing_of_a_full_house() {
    // The server's own child ends neither with the server's input nor by SIGTERM.
    let place = Place::with_servers(&[("up", &["--grandchild"])]);
    let mut face = Face::start(&place);
    hold_every_place(&place, &mut face);
    for _ in 0..20 {
        face.execute("return 1");
    }
    let family = watch::descendants(face.child.id());
    assert!(family.iter().filter(|process| process.is_guest()).count() >= 34, "{family:?}");
    assert!(family.iter().any(|process| !process.is_guest()), "a server is under way: {family:?}");
    face.signal(Signal::KILL);
    face.end();
    all_gone(&family);
    place.nothing_is_left();
}

/// A client that is gone has closed both pipes: nobody reads what a grace would be for.
#[test]
fn runs_do_not_outlive_a_client_that_is_gone() {
    let place = Place::with_servers(&[("up", &[])]);
    let mut command = place.command(Path::new(BINARY));
    let mut child = command.arg("mcp").stdin(Stdio::piped()).spawn().expect("it starts");
    let messages = r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}
{"jsonrpc":"2.0","method":"notifications/initialized"}
{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"execute_code","arguments":{"code":"import { up } from 'mcp-servers'\nawait up.echo({}); for (;;) {}","timeout_ms":300000}}}
"#;
    let mut input = child.stdin.take().expect("a pipe");
    input.write_all(messages.as_bytes()).expect("it reads");
    watch::eventually("the run is under way", || calls(&place, "up") == 1);
    let family: Vec<Watched> = watch::descendants(child.id());
    drop(input);
    drop(child.stdout.take());
    let asked = Instant::now();
    while child.try_wait().expect("its status").is_none() {
        assert!(asked.elapsed() < PATIENCE, "it does not end");
        std::thread::park_timeout(Duration::from_millis(5));
    }
    assert!(asked.elapsed() < Duration::from_secs(9), "{:?}", asked.elapsed());
    all_gone(&family);
    place.nothing_is_left();
}
