//! The real binary behind its own protocol.

use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, ExitStatus, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::{Duration, Instant},
};

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::{
    place::{BINARY, Place},
    watch,
};

/// No answer and no end may take longer.
pub(super) const PATIENCE: Duration = Duration::from_secs(120);

/// `terraphim mcp` with a client that it has greeted.
pub(super) struct Face {
    pub(super) child: Child,
    input: Option<ChildStdin>,
    answers: Receiver<Value>,
    early: HashMap<u64, Value>,
    last: u64,
}

impl Drop for Face {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Face {
    pub(super) fn start(place: &Place) -> Self {
        let mut command = place.command(Path::new(BINARY));
        command.arg("mcp").stdin(Stdio::piped()).stderr(Stdio::inherit());
        let mut child = command.spawn().expect("it starts");
        let output = child.stdout.take().expect("a pipe");
        let (sender, answers) = channel();
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                let message: Value = serde_json::from_str(&line).expect("JSON");
                // A test that has its answers goes away.
                if message.get("id").is_some() && sender.send(message).is_err() {
                    return;
                }
            }
        });
        let input = child.stdin.take();
        let mut face = Self { child, input, answers, early: HashMap::new(), last: 0 };
        let client = json!({ "name": "test", "version": "1" });
        let hello = json!({ "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": client });
        let greeting = face.send("initialize", &hello);
        face.answer(greeting);
        face.write(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }));
        face
    }

    fn write(&mut self, message: &Value) {
        let input = self.input.as_mut().expect("an open input");
        writeln!(input, "{message}").expect("it reads");
    }

    fn send(&mut self, method: &str, params: &Value) -> u64 {
        self.last += 1;
        let id = self.last;
        self.write(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        id
    }

    /// Asks for a run that has five minutes.
    pub(super) fn execute(&mut self, code: &str) -> u64 {
        let arguments = json!({ "code": code, "timeout_ms": 300_000 });
        self.send("tools/call", &json!({ "name": "execute_code", "arguments": arguments }))
    }

    /// Waits for the result of a request.
    pub(super) fn answer(&mut self, id: u64) -> Value {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(mut answer) = self.early.remove(&id) {
                return answer.get_mut("result").unwrap_or_else(|| panic!("no result of {id}")).take();
            }
            let left = until.saturating_duration_since(Instant::now());
            let answer = self.answers.recv_timeout(left).expect("an answer");
            let id = answer.get("id").and_then(Value::as_u64).expect("a number");
            self.early.insert(id, answer);
        }
    }

    /// Waits for what a run returned.
    pub(super) fn result(&mut self, id: u64) -> Value {
        let mut answer = self.answer(id);
        assert!(!is_error(&answer), "{answer}");
        answer.pointer_mut("/structuredContent/result").expect("a result").take()
    }

    /// Waits for the text of a run that failed or was refused.
    pub(super) fn failure(&mut self, id: u64) -> String {
        let answer = self.answer(id);
        assert!(is_error(&answer), "{answer}");
        text(&answer)
    }

    pub(super) fn signal(&self, signal: Signal) {
        watch::signal(self.child.id(), signal);
    }

    pub(super) fn close_input(&mut self) {
        self.input = None;
    }

    /// Waits for the end of the process.
    pub(super) fn end(&mut self) -> ExitStatus {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("its status") {
                return status;
            }
            assert!(Instant::now() < until, "it does not end");
            thread::park_timeout(Duration::from_millis(5));
        }
    }
}

pub(super) fn is_error(answer: &Value) -> bool {
    answer.get("isError").and_then(Value::as_bool).expect("a verdict")
}

pub(super) fn text(answer: &Value) -> String {
    answer.pointer("/content/0/text").and_then(Value::as_str).expect("a text").to_owned()
}

/// How many tool calls a server has received.
pub(super) fn calls(place: &Place, server: &str) -> usize {
    let journal = std::fs::read_to_string(place.path(&format!("{server}.journal"))).unwrap_or_default();
    journal.lines().filter(|line| *line == "tools/call").count()
}

/// The process of a server's last start.
fn server(place: &Place, server: &str) -> u32 {
    let journal = std::fs::read_to_string(place.path(&format!("{server}.journal"))).expect("a journal");
    let mut pids = journal.lines().filter_map(|line| line.strip_prefix("start ")?.parse().ok());
    pids.next_back().expect("a start")
}

const HOLDER: &str = "import { up } from 'mcp-servers'
try { return await up.slow({ ms: 250000 }) } catch (error) { return error.kind + ': ' + error.message }";

/// Runs as many programs as there are places, each in the middle of a call.
pub(super) fn hold_every_place(place: &Place, face: &mut Face) -> Vec<u64> {
    let holders = (0..32).map(|_| face.execute(HOLDER)).collect();
    watch::eventually("every place is held", || calls(place, "up") == 32);
    holders
}

#[test]
fn more_runs_than_places_are_all_right() {
    let place = Place::with_servers(&[("up", &[])]);
    let mut face = Face::start(&place);
    let runs: Vec<_> = (0..300_u64)
        .map(|n| {
            let call =
                format!("import {{ up }} from 'mcp-servers'\nreturn (await up.add({{ a: {n}, b: 1 }})).sum");
            (n, face.execute(&if n % 2 == 0 { format!("return {n} + 1") } else { call }))
        })
        .collect();
    for (n, id) in runs {
        assert_eq!(face.result(id), json!(n + 1));
    }
    face.close_input();
    assert_eq!(face.end().code(), Some(0));
    place.nothing_is_left();
}

#[test]
fn a_server_that_dies_fails_the_calls_under_way_and_none_that_waits() {
    let place = Place::with_servers(&[("up", &[])]);
    let mut face = Face::start(&place);
    let holders = hold_every_place(&place, &mut face);
    let waiting: Vec<_> = (0..100_u64)
        .map(|n| {
            let code =
                format!("import {{ up }} from 'mcp-servers'\nreturn (await up.add({{ a: {n}, b: 1 }})).sum");
            (n, face.execute(&code))
        })
        .collect();
    watch::kill(server(&place, "up"));
    for id in holders {
        let told = face.result(id);
        let told = told.as_str().expect("a text");
        assert!(told.starts_with("tool: ") && told.contains("it was ended by signal 9"), "{told}");
    }
    for (n, id) in waiting {
        assert_eq!(face.result(id), json!(n + 1));
    }
}

#[test]
fn a_zygote_that_dies_takes_its_own_runs_and_none_that_waits() {
    let place = Place::with_servers(&[("up", &[])]);
    let mut face = Face::start(&place);
    let holders = hold_every_place(&place, &mut face);
    let waiting: Vec<_> = (0..50_u64).map(|n| (n, face.execute(&format!("return {n}")))).collect();
    // The first guest waits for the second one, which is the zygote.
    let guests: Vec<_> =
        watch::descendants(face.child.id()).into_iter().filter(watch::Watched::is_guest).collect();
    guests.get(1).expect("a zygote").kill();
    for id in holders {
        let told = face.failure(id);
        assert!(told.contains("the program's process was lost") && told.contains("run it again"), "{told}");
    }
    for (n, id) in waiting {
        assert_eq!(face.result(id), json!(n));
    }
    assert!(guests.iter().all(|guest| guest.is_gone_before(Instant::now() + PATIENCE)), "{guests:?}");
}
