//! The resident checker against scripted ones.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

use super::{
    program::Program,
    report::Diagnostic,
    resident::{Deadlines, Resident, Start, Texts, Unchecked},
    verdict::{About, Verdict, judge},
};

/// What a checker does when it is asked about a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Deed {
    /// Complains about nothing.
    Approves,
    Dies,
    DiesWithWords,
    Hangs,
    /// Asks for its configuration, and answers when it has that.
    Asks,
    /// Answers another question first.
    AnswersWrongly,
    NoMessage,
    NoJson,
    NoReport,
    Refuses,
    AnnouncesTerabytes,
    /// Has more to say than is heard.
    SaysTooMuch,
    /// Asks by a name that is none.
    AsksEndlessly,
    /// Sends heads that never end.
    EndlessHead,
    /// Notes without end, and no answer.
    Chatters,
}

/// Starts checkers that do one deed after the other, the last one for ever.
struct Scripted {
    deeds: Vec<Deed>,
    greeting: Value,
    started: Arc<AtomicUsize>,
    asked: Arc<AtomicUsize>,
}

fn greeting(version: &str) -> Value {
    json!({
        "serverInfo": { "name": "scripted", "version": version },
        "capabilities": { "positionEncoding": "utf-16", "diagnosticProvider": {} },
    })
}

impl Scripted {
    fn doing(deeds: &[Deed]) -> Self {
        let (started, asked) = Default::default();
        Self { deeds: deeds.to_vec(), greeting: greeting("7.0.2"), started, asked }
    }
}

impl Start for Scripted {
    type Stream = DuplexStream;

    async fn start(&self) -> Result<DuplexStream, String> {
        self.started.fetch_add(1, Ordering::SeqCst);
        let (ours, theirs) = duplex(1 << 10);
        let (deeds, greeting, asked) = (self.deeds.clone(), self.greeting.clone(), Arc::clone(&self.asked));
        tokio::spawn(async move { play(theirs, &deeds, greeting, &asked).await });
        Ok(ours)
    }

    fn folder(&self) -> &str {
        "/check"
    }
}

async fn say(stream: &mut DuplexStream, message: &Value) {
    let text = message.to_string();
    let _ = stream.write_all(format!("Content-Length: {}\r\n\r\n{text}", text.len()).as_bytes()).await;
}

async fn hear(stream: &mut DuplexStream, bytes: &mut Vec<u8>) -> Option<Value> {
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]);
            let length: usize = head.rsplit(' ').next()?.parse().ok()?;
            if bytes.len() >= end + 4 + length {
                let message = serde_json::from_slice(&bytes[end + 4..end + 4 + length]).ok();
                bytes.drain(..end + 4 + length);
                return message;
            }
        }
        if stream.read_buf(bytes).await.ok()? == 0 {
            return None;
        }
    }
}

/// One checker's life. The first question is that of the start, and no deed.
async fn play(mut stream: DuplexStream, deeds: &[Deed], greeting: Value, asked: &AtomicUsize) {
    let mut bytes = Vec::new();
    let mut is_first = true;
    while let Some(message) = hear(&mut stream, &mut bytes).await {
        let id = message["id"].clone();
        let answer = |result: Value| json!({ "jsonrpc": "2.0", "id": id, "result": result });
        match message["method"].as_str() {
            Some("initialize") => say(&mut stream, &answer(greeting.clone())).await,
            Some("textDocument/diagnostic") if is_first => {
                is_first = false;
                say(&mut stream, &answer(json!({ "items": [] }))).await;
            }
            Some("textDocument/diagnostic") => {
                let number = asked.fetch_add(1, Ordering::SeqCst);
                let deed = deeds.get(number).or(deeds.last()).copied().unwrap_or(Deed::Approves);
                if !perform(deed, &mut stream, &mut bytes, &answer).await {
                    return;
                }
            }
            _ => {}
        }
    }
}

/// Does one deed; whether the checker lives on.
async fn perform(
    deed: Deed,
    stream: &mut DuplexStream,
    bytes: &mut Vec<u8>,
    answer: &impl Fn(Value) -> Value,
) -> bool {
    let none = || answer(json!({ "kind": "full", "items": [] }));
    match deed {
        Deed::Approves => say(stream, &none()).await,
        Deed::Dies => return false,
        Deed::DiesWithWords => {
            let _ = stream.write_all(b"fatal error: out of\x1b[2J memory\n").await;
            return false;
        }
        Deed::Hangs => std::future::pending().await,
        Deed::Asks => {
            let items = json!({ "items": [{}, {}] });
            let question =
                json!({ "jsonrpc": "2.0", "id": "x", "method": "workspace/configuration", "params": items });
            say(stream, &question).await;
            let given = hear(stream, bytes).await;
            assert_eq!(given, Some(json!({ "jsonrpc": "2.0", "id": "x", "result": [null, null] })));
            say(stream, &none()).await;
        }
        Deed::AnswersWrongly => {
            say(stream, &json!({ "jsonrpc": "2.0", "id": 987, "result": { "items": [7] } })).await;
            say(stream, &json!({ "jsonrpc": "2.0", "method": "$/progress", "params": {} })).await;
            say(stream, &none()).await;
        }
        Deed::NoMessage => {
            let _ = stream.write_all(b"panic: everything is lost\n").await;
            std::future::pending::<()>().await;
        }
        Deed::NoJson => {
            let _ = stream.write_all(b"content-length: 3\r\n\r\n{{{").await;
        }
        Deed::NoReport => say(stream, &answer(json!({ "items": [{ "range": "here" }] }))).await,
        Deed::Refuses => {
            let mut refusal = answer(Value::Null);
            refusal["error"] = json!({ "code": -32603, "message": "panic handling request" });
            say(stream, &refusal).await;
        }
        Deed::AnnouncesTerabytes => {
            let _ = stream.write_all(b"Content-Length: 1099511627776\r\n\r\n").await;
        }
        Deed::SaysTooMuch => {
            let long = answer(json!({ "items": [], "more": "x".repeat(5 << 20) }));
            say(stream, &long).await;
        }
        Deed::AsksEndlessly => {
            let question = json!({ "jsonrpc": "2.0", "id": "x".repeat(1_000), "method": "x" });
            say(stream, &question).await;
        }
        Deed::EndlessHead => while stream.write_all(b"Content-Type: x\r\n").await.is_ok() {},
        Deed::Chatters => {
            let note = json!({ "jsonrpc": "2.0", "method": "window/logMessage", "params": {} }).to_string();
            let note = format!("Content-Length: {}\r\n\r\n{note}", note.len());
            while stream.write_all(note.as_bytes()).await.is_ok() {}
        }
    }
    true
}

fn resident(deeds: &[Deed]) -> (Resident<Scripted>, Arc<AtomicUsize>) {
    let scripted = Scripted::doing(deeds);
    let started = Arc::clone(&scripted.started);
    let deadlines = Deadlines { idle: Duration::from_secs(40), ..Deadlines::default() };
    (Resident::new(scripted, deadlines), started)
}

const TEXTS: Texts<'_> = Texts { runtime: "", modules: "declare module 'x';", program: "1 + 1" };

async fn failure(deed: Deed) -> String {
    let (resident, _) = resident(&[deed]);
    let error = resident.check(&TEXTS).await.map(|found| format!("{found:?}")).unwrap_err();
    crate::outcome::with_causes(&error)
}

#[tokio::test(start_paused = true)]
async fn one_checker_serves_many_programs() {
    let (resident, started) = resident(&[Deed::Approves, Deed::Asks, Deed::AnswersWrongly]);
    for _ in 0..5 {
        assert!(resident.check(&TEXTS).await.unwrap().is_empty());
    }
    assert_eq!(started.load(Ordering::SeqCst), 1);
    assert_eq!(resident.warm_up("").await.unwrap(), "scripted 7.0.2");
}

#[tokio::test(start_paused = true)]
async fn whatever_a_checker_does_ends_in_words() {
    for (deed, words) in [
        (Deed::Dies, "the type checker failed: it ended without a word"),
        (
            Deed::DiesWithWords,
            "the type checker failed: it says what is no message: fatal error: out of [2J memory",
        ),
        (Deed::Hangs, "the types of the program take the checker more than 2s"),
        (Deed::NoMessage, "the type checker failed: it says what is no message: panic: everything is lost"),
        (Deed::NoJson, "the type checker failed: it says what is no message: {{{"),
        (Deed::Refuses, "the type checker failed: it refused the request: "),
        (Deed::NoReport, "the type checker failed: it says what is no message: a report: "),
        (Deed::AnnouncesTerabytes, "the type checker failed: it sent a message of 1099511627776 bytes"),
        (Deed::SaysTooMuch, "the type checker failed: it sent a message of 52429"),
        (Deed::AsksEndlessly, "the type checker failed: it says what is no message: \"xxx"),
        (Deed::EndlessHead, "the type checker failed: it says what is no message: Content-Type: x"),
    ] {
        let said = failure(deed).await;
        assert!(said.starts_with(words), "{deed:?}: {said}");
        assert!(said.len() < 400, "{deed:?}: {said}");
    }
}

#[tokio::test]
async fn one_that_never_comes_to_an_answer_is_ended() {
    // Time stands still for none who always has something to do.
    let deadlines = Deadlines { check: Duration::from_millis(100), ..Deadlines::default() };
    let resident = Resident::new(Scripted::doing(&[Deed::Chatters]), deadlines);
    assert!(matches!(resident.check(&TEXTS).await, Err(Unchecked::Late(_))));
    assert!(!resident.is_running().await);
}

#[tokio::test(start_paused = true)]
async fn one_that_served_others_and_died_is_replaced_once() {
    let (replaced, started) = resident(&[Deed::Approves, Deed::Dies, Deed::Approves]);
    assert!(replaced.check(&TEXTS).await.is_ok());
    assert!(replaced.check(&TEXTS).await.is_ok());
    assert_eq!(started.load(Ordering::SeqCst), 2);
    let (lost, started) = resident(&[Deed::Approves, Deed::Dies]);
    assert!(lost.check(&TEXTS).await.is_ok());
    assert!(matches!(lost.check(&TEXTS).await, Err(Unchecked::Wire(_))));
    assert_eq!(started.load(Ordering::SeqCst), 2, "what kills one would kill the next");
}

#[tokio::test(start_paused = true)]
async fn one_that_takes_too_long_is_ended() {
    let (resident, started) = resident(&[Deed::Hangs, Deed::Approves]);
    assert!(matches!(resident.check(&TEXTS).await, Err(Unchecked::Late(_))));
    assert!(!resident.is_running().await);
    assert!(resident.check(&TEXTS).await.is_ok());
    assert_eq!(started.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn whoever_gives_up_ends_the_checker_and_nobody_else() {
    let (resident, started) = resident(&[Deed::Hangs, Deed::Approves]);
    let gone = tokio::time::timeout(Duration::from_millis(500), resident.check(&TEXTS)).await;
    assert!(gone.is_err());
    assert!(!resident.is_running().await);
    assert!(resident.check(&TEXTS).await.is_ok());
    assert_eq!(started.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn one_without_work_is_ended() {
    let (resident, started) = resident(&[Deed::Approves]);
    assert!(resident.check(&TEXTS).await.is_ok());
    tokio::time::advance(Duration::from_secs(20)).await;
    assert!(resident.is_running().await);
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(!resident.is_running().await);
    assert!(resident.check(&TEXTS).await.is_ok());
    assert_eq!(started.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn a_stranger_is_not_asked() {
    for (greeting, words) in [
        (greeting("5.9.2"), "it calls itself scripted 5.9.2, and TypeScript 7 is the oldest"),
        (json!({}), "it calls itself"),
        (json!({ "serverInfo": { "name": "x\u{1b}", "version": "7" } }), "it does not answer what is wrong"),
        (
            json!({ "serverInfo": { "version": "7.1" }, "capabilities": { "positionEncoding": "utf-8" } }),
            "it counts positions in utf-8",
        ),
    ] {
        let resident = Resident::new(Scripted { greeting, ..Scripted::doing(&[]) }, Deadlines::default());
        let error = resident.warm_up("").await.unwrap_err();
        assert!(matches!(error, Unchecked::Version(_)) && error.to_string().contains(words), "{error}");
    }
}

fn diagnostic(line: u32, character: u32, code: u64, message: &str) -> Diagnostic {
    let start = json!({ "line": line, "character": character });
    let text = json!({ "range": { "start": start }, "severity": 1, "code": code, "message": message });
    serde_json::from_value(text).unwrap()
}

fn judged(source: &str, found: &[Diagnostic], is_followed: bool) -> Verdict {
    let servers = ["github".to_owned(), "files".to_owned()];
    judge(source, (&Program::new(source), source), found, &About { is_followed, servers: &servers })
}

#[track_caller]
fn refused(source: &str, found: &[Diagnostic]) -> crate::RunError {
    match judged(source, found, false) {
        Verdict::Refused(error) => error,
        Verdict::Clean(_) => panic!("clean"),
        Verdict::Unread(why) => panic!("unread: {why}"),
    }
}

#[test]
fn errors_stand_in_the_lines_of_the_program() {
    let source = "const a: number = 'x';\nlet 😀 = a.b;\n";
    let found = [
        diagnostic(0, 6, 2322, "Type 'string' is not assignable to type 'number'."),
        diagnostic(1, 11, 2339, "Property 'b' does not exist on type 'number'."),
    ];
    let expected =
        "program:1:7: Type 'string' is not assignable to type 'number' (TS2322); and one more type error
  1 | const a: number = 'x';
    |       ^
2:11: Property 'b' does not exist on type 'number' (TS2339)
  2 | let 😀 = a.b;
    |           ^";
    assert_eq!(refused(source, &found).render("program"), expected);
}

#[test]
fn what_is_shown_is_bounded() {
    let source = "x\n".repeat(100);
    let long = format!("Type '{}' is wrong.\u{1b}[2J", "é".repeat(5_000));
    let found: Vec<_> = (0..90).map(|line| diagnostic(line, 0, 2322, &long)).collect();
    let error = refused(&source, &found);
    assert!(error.message.ends_with("… (TS2322); and 89 more type errors"), "{}", error.message);
    let text = error.render("program");
    assert!(text.len() < 8_000 && !text.contains('\u{1b}'), "{} bytes", text.len());
    assert!(text.ends_with("... 85 more"), "{text}");
    let far = [diagnostic(4_000_000_000, 4_000_000_000, 2322, "far")];
    assert_eq!(refused("x", &far).line, Some(1));
}

#[test]
fn what_is_no_error_refuses_nothing() {
    for (code, message) in [
        (7006, "Parameter 'x' implicitly has an 'any' type."),
        (2339, "Property 'a' does not exist on type '{}'."),
        (2345, "Argument of type 'number' is not assignable to parameter of type 'never'."),
    ] {
        assert!(
            matches!(judged("x", &[diagnostic(0, 0, code, message)], false), Verdict::Clean(told) if told.is_empty()),
            "{code}"
        );
    }
    let absent = judged("x\ny.z", &[diagnostic(1, 0, 2532, "Object is possibly 'undefined'.")], false);
    let told = ["line 2: Object is possibly 'undefined' (TS2532)"];
    assert!(matches!(absent, Verdict::Clean(said) if said == told), "it is only told");
    let hint = Diagnostic { severity: 4, ..diagnostic(0, 0, 6133, "'x' is declared but never read.") };
    assert!(matches!(judged("x", &[hint], false), Verdict::Clean(told) if told.is_empty()));
    let unread = judged("x", &[diagnostic(0, 0, 1005, "';' expected.")], false);
    assert!(matches!(unread, Verdict::Unread(why) if why == "';' expected (TS1005)"));
    let unknown = [diagnostic(0, 0, 2304, "Cannot find name 'x'.")];
    assert!(
        matches!(judged("x", &unknown, true), Verdict::Clean(told) if told.is_empty()),
        "a program before it may have declared it"
    );
    assert!(matches!(judged("x", &unknown, false), Verdict::Refused(_)));
}

#[test]
fn a_hint_knows_what_there_is() {
    for (code, message, hint) in [
        (2305, "Module '\"mcp-servers\"' has no exported member 'githab'.", "did you mean github?"),
        (
            2305,
            "Module '\"mcp-servers\"' has no exported member 'zzzzzzzzz'.",
            "the servers are github, files",
        ),
        (2307, "Cannot find module 'mcp-servers/file' or its types.", "did you mean files?"),
        (
            2307,
            "Cannot find module 'fs' or its types.",
            "only 'mcp-servers', 'mcp-servers/<server>' and 'mcp-runtime' can be imported",
        ),
        (2304, "Cannot find name 'fetch'.", "there is no network here: call a server's tool"),
        (2304, "Cannot find name 'github'.", "write import { github } from 'mcp-servers'"),
        (2304, "Cannot find name 'workspace'.", "import it from 'mcp-runtime'"),
    ] {
        assert_eq!(refused("x", &[diagnostic(0, 0, code, message)]).hint.as_deref(), Some(hint), "{message}");
    }
    let node = "Cannot find name 'process'. Do you need to install type definitions for node?";
    assert_eq!(refused("x", &[diagnostic(0, 0, 2591, node)]).message, "Cannot find name 'process' (TS2591)");
}
