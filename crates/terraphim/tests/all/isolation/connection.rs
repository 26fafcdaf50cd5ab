//! One `terraphim mcp` process and the line-by-line conversation with it.

use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, Stdio},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::place::{BINARY, Place};

/// Longer than any answer takes, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(90);

/// A client of a host process of its own; the process ends with it.
pub(crate) struct Connection {
    process: Child,
    input: ChildStdin,
    heard: Arc<Heard>,
    last_id: u64,
}

#[derive(Default)]
struct Heard {
    messages: Mutex<Messages>,
    changed: Condvar,
}

#[derive(Default)]
struct Messages {
    answers: HashMap<u64, Value>,
    progress: Vec<Value>,
    updated: Vec<String>,
    ended: bool,
}

impl Heard {
    fn lock(&self) -> MutexGuard<'_, Messages> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, message: Value) {
        let mut messages = self.lock();
        if message["method"] == "notifications/progress" {
            messages.progress.push(message["params"].clone());
        } else if message["method"] == "notifications/resources/updated" {
            messages.updated.push(message["params"]["uri"].as_str().expect("an address").to_owned());
        } else if let Some(id) = message["id"].as_u64() {
            let again = messages.answers.insert(id, message);
            assert!(again.is_none(), "two answers to one request: {again:?}");
        }
        self.changed.notify_all();
    }
}

impl Connection {
    /// Starts a host in the place and greets it.
    pub(crate) fn open(place: &Place) -> Self {
        Self::open_with(place, &[])
    }

    /// The same with further arguments.
    pub(crate) fn open_with(place: &Place, args: &[&str]) -> Self {
        let mut command = place.command(Path::new(BINARY));
        command.arg("mcp").args(args).stdin(Stdio::piped()).stderr(Stdio::inherit());
        let mut process = command.spawn().expect("the host starts");
        let input = process.stdin.take().expect("its input");
        let output = process.stdout.take().expect("its output");
        let heard = Arc::new(Heard::default());
        let listener = Arc::clone(&heard);
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                listener.note(serde_json::from_str(&line).expect("a line of JSON"));
            }
            listener.lock().ended = true;
            listener.changed.notify_all();
        });
        let mut connection = Self { process, input, heard, last_id: 0 };
        let greeting = json!({
            "protocolVersion": "2025-06-18",
            "capabilities": {},
            "clientInfo": { "name": "isolation", "version": "1" },
        });
        let id = connection.request("initialize", greeting);
        connection.answer(id);
        connection.write(json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }));
        connection
    }

    /// The host's process.
    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }

    fn write(&mut self, message: Value) {
        let line = format!("{message}\n");
        self.input.write_all(line.as_bytes()).expect("the host reads");
    }

    /// Sends a request; gives its id.
    pub(crate) fn request(&mut self, method: &str, params: Value) -> u64 {
        self.last_id += 1;
        let id = self.last_id;
        self.write(json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        id
    }

    /// Asks for a tool call; gives the id of the request.
    pub(crate) fn send(&mut self, tool: &str, arguments: Value) -> u64 {
        self.request("tools/call", json!({ "name": tool, "arguments": arguments }))
    }

    /// The same with a token for notifications of progress.
    pub(crate) fn send_watched(&mut self, tool: &str, arguments: Value, token: &str) -> u64 {
        let meta = json!({ "progressToken": token });
        self.request("tools/call", json!({ "name": tool, "arguments": arguments, "_meta": meta }))
    }

    /// Takes a request back.
    pub(crate) fn cancel(&mut self, id: u64) {
        let params = json!({ "requestId": id, "reason": "no longer wanted" });
        self.write(json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": params }));
    }

    /// Waits for the result of a request.
    pub(crate) fn answer(&self, id: u64) -> Value {
        let deadline = Instant::now() + PATIENCE;
        let mut messages = self.heard.lock();
        loop {
            if let Some(answer) = messages.answers.remove(&id) {
                assert!(answer["error"].is_null(), "{answer}");
                return answer["result"].clone();
            }
            assert!(!messages.ended, "the host went away");
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "no answer to request {id}");
            let waited = self.heard.changed.wait_timeout(messages, left);
            messages = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Calls a tool and waits for its result.
    pub(crate) fn call(&mut self, tool: &str, arguments: Value) -> Value {
        let id = self.send(tool, arguments);
        self.answer(id)
    }

    /// Runs a program to its end; its outcome.
    pub(crate) fn run(&mut self, code: &str) -> Value {
        self.call("execute_code", json!({ "code": code }))["structuredContent"].clone()
    }

    /// Waits until the host has told that a resource was updated.
    pub(crate) fn updated(&self, uri: &str) {
        let deadline = Instant::now() + PATIENCE;
        let mut messages = self.heard.lock();
        while !messages.updated.iter().any(|updated| updated == uri) {
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero() && !messages.ended, "no word of {uri}: {:?}", messages.updated);
            let waited = self.heard.changed.wait_timeout(messages, left);
            messages = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// The notifications of progress so far.
    pub(crate) fn progress(&self) -> Vec<Value> {
        self.heard.lock().progress.clone()
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // It fails only if the process is gone already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
