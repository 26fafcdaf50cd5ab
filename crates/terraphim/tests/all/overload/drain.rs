//! The end that is asked for while runs are under way.

use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::json;

use super::face::{Face, calls, is_error, text};
use crate::{place::Place, watch};

/// Less than the grace that runs have.
const AT_ONCE: Duration = Duration::from_secs(9);

const BRIEF: &str = "import { up } from 'mcp-servers'\nreturn await up.slow({ ms: 2500 })";
const ENDLESS: &str = "import { up } from 'mcp-servers'\nawait up.echo({}); for (;;) {}";

fn started(code: &str) -> (Place, Face, u64) {
    let place = Place::with_servers(&[("up", &["--grandchild"])]);
    let mut face = Face::start(&place);
    let id = face.execute(code);
    watch::eventually("the run is under way", || calls(&place, "up") == 1);
    (place, face, id)
}

/// Asks for runs until one is refused.
fn refusal(face: &mut Face) -> String {
    let mut refused = None;
    watch::eventually("new runs are refused", || {
        let id = face.execute("return 1");
        let answer = face.answer(id);
        if is_error(&answer) {
            refused = Some(text(&answer));
        }
        refused.is_some()
    });
    refused.expect("a refusal")
}

#[test]
fn a_signal_lets_runs_end_and_lets_none_begin() {
    for signal in [Signal::TERM, Signal::INT] {
        let (place, mut face, id) = started(BRIEF);
        face.signal(signal);
        let told = refusal(&mut face);
        assert!(told.starts_with("terraphim is ending and begins no new run"), "{told}");
        assert_eq!(face.result(id), json!("done"));
        assert_eq!(face.end().code(), Some(0));
        place.nothing_is_left();
    }
}

#[test]
fn a_second_signal_ends_runs_at_once() {
    let (place, mut face, id) = started(ENDLESS);
    face.signal(Signal::TERM);
    refusal(&mut face);
    let asked = Instant::now();
    face.signal(Signal::TERM);
    let told = face.failure(id);
    assert!(told.contains("was ended, because terraphim is ending"), "{told}");
    assert_eq!(face.end().code(), Some(0));
    assert!(asked.elapsed() < AT_ONCE, "{:?}", asked.elapsed());
    place.nothing_is_left();
}

#[test]
fn a_run_that_does_not_end_has_a_grace() {
    let (place, mut face, id) = started(ENDLESS);
    let asked = Instant::now();
    face.signal(Signal::TERM);
    let told = face.failure(id);
    assert!(told.contains("was ended, because terraphim is ending"), "{told}");
    assert!(asked.elapsed() >= AT_ONCE, "{:?}", asked.elapsed());
    assert_eq!(face.end().code(), Some(0));
    place.nothing_is_left();
}

#[test]
fn the_end_of_the_input_leaves_open_calls_their_answers() {
    let (place, mut face, id) = started(BRIEF);
    face.close_input();
    assert_eq!(face.result(id), json!("done"));
    assert_eq!(face.end().code(), Some(0));
    place.nothing_is_left();
}

#[test]
fn a_signal_and_the_end_of_the_input_are_two() {
    let (place, mut face, _) = started(ENDLESS);
    face.close_input();
    let asked = Instant::now();
    face.signal(Signal::TERM);
    assert_eq!(face.end().code(), Some(0));
    assert!(asked.elapsed() < AT_ONCE, "{:?}", asked.elapsed());
    place.nothing_is_left();
}
