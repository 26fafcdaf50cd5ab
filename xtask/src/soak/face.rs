//! One connection to `terraphim mcp`, shared by all workers: a thread reads
//! and hands each answer to whoever waits for it.

use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, Command, Stdio},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, Sender, channel},
    },
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{error::Error, process};

/// No answer may take longer, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(240);

type Waiting = Arc<Mutex<HashMap<u64, Sender<Value>>>>;

pub(super) struct Face {
    child: Child,
    /// Absent once it is closed.
    input: Mutex<Option<ChildStdin>>,
    waiting: Waiting,
    last: AtomicU64,
}

/// A request that was sent.
pub(super) struct Sent {
    id: u64,
    answer: Receiver<Value>,
}

impl Drop for Face {
    fn drop(&mut self) {
        // It fails only if the process has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Face {
    /// Starts the binary and greets it.
    pub(super) fn start(mut command: Command) -> Result<Self, Error> {
        let what = process::line(&command);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().map_err(Error::io(format!("start `{what}`")))?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(unreadable("it has no pipes"));
        };
        let waiting = Waiting::default();
        let readers = Arc::clone(&waiting);
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                let Ok(message) = serde_json::from_str::<Value>(&line) else { continue };
                let id = message.get("id").and_then(Value::as_u64);
                if let Some(sender) = id.and_then(|id| lock(&readers).remove(&id)) {
                    // Whoever no longer waits has been answered otherwise.
                    let _ = sender.send(message);
                }
            }
            // Whoever still waits is told by the end of its channel.
            lock(&readers).clear();
        });
        let face = Self { child, input: Mutex::new(Some(input)), waiting, last: AtomicU64::new(0) };
        let client = json!({ "name": "soak", "version": "1" });
        let greeting = json!({ "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": client });
        face.answer(face.send("initialize", &greeting)?)?;
        face.write(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }))?;
        Ok(face)
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Asks for a run without waiting for its answer.
    pub(super) fn execute(&self, arguments: &Value) -> Result<Sent, Error> {
        self.send("tools/call", &json!({ "name": "execute_code", "arguments": arguments }))
    }

    /// Waits for the result of a request.
    pub(super) fn answer(&self, sent: Sent) -> Result<Value, Error> {
        let answer = sent.answer.recv_timeout(PATIENCE);
        let mut answer = answer.map_err(|_| unreadable(&format!("no answer to request {}", sent.id)))?;
        match answer.get_mut("result") {
            Some(result) => Ok(result.take()),
            None => Err(unreadable(&answer.to_string())),
        }
    }

    /// Tells that nobody waits for a request any more.
    pub(super) fn cancel(&self, sent: &Sent) -> Result<(), Error> {
        lock(&self.waiting).remove(&sent.id);
        let params = json!({ "requestId": sent.id, "reason": "soak" });
        self.write(&json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": params }))
    }

    fn send(&self, method: &str, params: &Value) -> Result<Sent, Error> {
        let id = self.last.fetch_add(1, Ordering::Relaxed) + 1;
        let (sender, answer) = channel();
        lock(&self.waiting).insert(id, sender);
        self.write(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }))?;
        Ok(Sent { id, answer })
    }

    fn write(&self, message: &Value) -> Result<(), Error> {
        let mut input = lock(&self.input);
        let Some(input) = input.as_mut() else { return Err(unreadable("its input is closed")) };
        writeln!(input, "{message}").and_then(|()| input.flush()).map_err(Error::io("write to the binary"))
    }

    /// Closes the input and waits for the end; its exit code, if it ended by itself in time.
    pub(super) fn end(mut self, patience: Duration) -> Result<Option<i32>, Error> {
        const TICK: Duration = Duration::from_millis(10);
        drop(lock(&self.input).take());
        let until = Instant::now() + patience;
        while Instant::now() < until {
            if let Some(status) = self.child.try_wait().map_err(Error::io("wait for the binary"))? {
                return Ok(status.code());
            }
            thread::park_timeout(TICK);
        }
        Ok(None)
    }
}

fn unreadable(complaint: &str) -> Error {
    Error::Unreadable { what: "the answers of the binary".into(), complaint: complaint.into() }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
