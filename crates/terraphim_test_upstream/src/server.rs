//! The loop: one thread reads, one thread per call answers.

use std::{
    fs::{File, OpenOptions},
    io::{self, BufRead, Write},
    process::{Command, exit},
    sync::{
        Arc, Condvar, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use serde_json::{Value, json};

use crate::{
    options::{Era, Options},
    tools,
};

const MODERN: &str = "2026-07-28";
const SUBSCRIPTION: &str = "io.modelcontextprotocol/subscriptionId";

struct Server {
    options: Options,
    journal: Option<Mutex<File>>,
    subscription: Mutex<Option<Value>>,
    grown: AtomicUsize,
    cancelled: AtomicUsize,
}

pub(crate) fn run(options: Options) -> io::Result<()> {
    let journal = match &options.journal {
        Some(path) => Some(Mutex::new(OpenOptions::new().create(true).append(true).open(path)?)),
        None => None,
    };
    let server = Arc::new(Server {
        options,
        journal,
        subscription: Mutex::default(),
        grown: AtomicUsize::new(0),
        cancelled: AtomicUsize::new(0),
    });
    server.note(&format!("start {}", std::process::id()))?;
    if let Some(text) = &server.options.stderr {
        eprintln!("{text}");
    }
    if server.options.grandchild {
        let child = Command::new("sh").args(["-c", "trap '' TERM; while :; do sleep 1; done"]).spawn()?;
        server.note(&format!("grandchild {}", child.id()))?;
    }
    if server.options.runaway {
        let child = Command::new("setsid").args(["sleep", "60"]).spawn()?;
        server.note(&format!("runaway {}", child.id()))?;
    }
    if server.options.crash_at_start {
        crash();
    }
    if server.options.garbage {
        for line in 0..1_000 {
            emit_line(&format!("this is line {line} of no protocol"))?;
        }
    }
    if server.options.deaf {
        pause_forever();
    }
    pause(server.options.start_delay_ms);
    for line in io::stdin().lock().lines() {
        let Ok(message) = serde_json::from_str::<Value>(&line?) else { continue };
        server.receive(message)?;
    }
    Ok(())
}

impl Server {
    fn note(&self, line: &str) -> io::Result<()> {
        match &self.journal {
            Some(journal) => writeln!(journal.lock().unwrap_or_else(PoisonError::into_inner), "{line}"),
            None => Ok(()),
        }
    }

    fn receive(self: &Arc<Self>, message: Value) -> io::Result<()> {
        let method = message.get("method").and_then(Value::as_str).unwrap_or_default().to_owned();
        self.note(&method)?;
        if method == "notifications/cancelled" {
            self.cancelled.fetch_add(1, Ordering::SeqCst);
        }
        if self.options.silent || self.options.garbage {
            return Ok(());
        }
        let Some(id) = message.get("id").cloned() else { return Ok(()) };
        let params = message.get("params").cloned().unwrap_or_default();
        match (method.as_str(), self.options.era) {
            ("initialize", Era::Legacy | Era::Silent) => self.reply(&id, self.initialized(&params)),
            ("server/discover", Era::Modern) => self.reply(&id, self.discovered()),
            ("subscriptions/listen", Era::Modern) => self.subscribe(id),
            ("tools/list", _) if self.options.crash_at_list => crash(),
            ("tools/list", _) => self.reply(&id, self.page(&params)),
            ("ping", _) => self.reply(&id, json!({})),
            ("tools/call", _) => {
                let server = Arc::clone(self);
                thread::spawn(move || server.call(&id, &params));
                Ok(())
            }
            (_, Era::Silent) => Ok(()),
            (method, _) => self.refuse(&id, -32601, &format!("method not found: {method}")),
        }
    }

    fn initialized(&self, params: &Value) -> Value {
        json!({
            "protocolVersion": params.get("protocolVersion").cloned().unwrap_or_else(|| json!("2024-11-05")),
            "capabilities": { "tools": { "listChanged": true } },
            "serverInfo": { "name": "test-upstream", "version": "1.0.0" },
            "instructions": self.options.instructions,
        })
    }

    fn discovered(&self) -> Value {
        json!({
            "resultType": "complete",
            "supportedVersions": [MODERN],
            "capabilities": { "tools": { "listChanged": true } },
            "instructions": self.options.instructions,
            "ttlMs": 0,
            "cacheScope": "private",
            "_meta": { "io.modelcontextprotocol/serverInfo": { "name": "test-upstream", "version": "1.0.0" } },
        })
    }

    fn subscribe(&self, id: Value) -> io::Result<()> {
        *self.subscription.lock().unwrap_or_else(PoisonError::into_inner) = Some(id.clone());
        self.emit(&json!({
            "jsonrpc": "2.0",
            "method": "notifications/subscriptions/acknowledged",
            "params": { "notifications": { "toolsListChanged": true }, "_meta": { SUBSCRIPTION: id } },
        }))
    }

    fn page(&self, params: &Value) -> Value {
        let all = tools::definitions(&self.options, self.grown.load(Ordering::SeqCst));
        let size = self.options.page_size.unwrap_or(all.len());
        let start: usize =
            params.get("cursor").and_then(Value::as_str).and_then(|cursor| cursor.parse().ok()).unwrap_or(0);
        let page: Vec<_> = all.iter().skip(start).take(size).cloned().collect();
        let mut result = json!({ "tools": page });
        if let Some(fields) = result.as_object_mut() {
            if start + size < all.len() {
                fields.insert("nextCursor".into(), json!((start + size).to_string()));
            }
            if self.options.era == Era::Modern {
                fields.insert("resultType".into(), json!("complete"));
                fields.insert("ttlMs".into(), json!(0));
                fields.insert("cacheScope".into(), json!("private"));
            }
        }
        result
    }

    fn call(&self, id: &Value, params: &Value) -> io::Result<()> {
        let name = params.get("name").and_then(Value::as_str).unwrap_or_default();
        let arguments = params.get("arguments").cloned().unwrap_or_else(|| json!({}));
        let is = |option: &Option<String>| option.as_deref() == Some(name);
        if is(&self.options.crash_on) {
            crash();
        }
        if is(&self.options.hang_on) {
            return Ok(());
        }
        if is(&self.options.garbage_on) {
            return self.reply(id, json!(42));
        }
        let slow = if name == "slow" { arguments.get("ms").and_then(Value::as_u64).unwrap_or(0) } else { 0 };
        pause(self.options.delay_ms + slow);
        let answer = match name {
            "cancelled" => Some(tools::structured(json!({ "count": self.cancelled.load(Ordering::SeqCst) }))),
            "grow" => Some(self.grow()?),
            _ => tools::answer(name, &arguments),
        };
        match answer {
            Some(mut result) => {
                if self.options.era == Era::Modern
                    && let Some(fields) = result.as_object_mut()
                {
                    fields.insert("resultType".into(), json!("complete"));
                }
                self.reply(id, result)
            }
            None => self.refuse(id, -32602, &format!("unknown tool: {name}")),
        }
    }

    fn grow(&self) -> io::Result<Value> {
        let count = self.grown.fetch_add(1, Ordering::SeqCst) + 1;
        let subscription = self.subscription.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut notification = json!({ "jsonrpc": "2.0", "method": "notifications/tools/list_changed" });
        if let (Some(id), Some(fields)) = (subscription, notification.as_object_mut()) {
            fields.insert("params".into(), json!({ "_meta": { SUBSCRIPTION: id } }));
        }
        self.emit(&notification)?;
        Ok(tools::text(&format!("{count} grown")))
    }

    fn reply(&self, id: &Value, result: Value) -> io::Result<()> {
        self.emit(&json!({ "jsonrpc": "2.0", "id": id, "result": result }))
    }

    fn refuse(&self, id: &Value, code: i64, message: &str) -> io::Result<()> {
        self.emit(&json!({ "jsonrpc": "2.0", "id": id, "error": { "code": code, "message": message } }))
    }

    fn emit(&self, message: &Value) -> io::Result<()> {
        if self.options.noise {
            emit_line("debug: about to answer")?;
        }
        emit_line(&message.to_string())
    }
}

fn emit_line(line: &str) -> io::Result<()> {
    let mut output = io::stdout().lock();
    output.write_all(line.as_bytes())?;
    output.write_all(b"\n")?;
    output.flush()
}

fn crash() -> ! {
    eprintln!("fatal: the test upstream was told to crash");
    exit(7)
}

fn pause(milliseconds: u64) {
    if milliseconds > 0 {
        let never = (Mutex::new(()), Condvar::new());
        let guard = never.0.lock().unwrap_or_else(PoisonError::into_inner);
        let timeout = Duration::from_millis(milliseconds);
        drop(never.1.wait_timeout_while(guard, timeout, |()| true));
    }
}

fn pause_forever() -> ! {
    loop {
        thread::park();
    }
}
