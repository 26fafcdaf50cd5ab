//! Lines that a server may send, and what becomes of them.

use futures_util::FutureExt;
use proptest::prelude::*;
use rmcp::model::{ClientResult, ListToolsRequest, NumberOrString};
use tokio::io::AsyncReadExt;

use super::*;

/// A ledger that awaits the reply to a listing with id 7.
fn awaiting() -> Ledger {
    let ledger = Ledger::default();
    let request = ClientRequest::ListToolsRequest(ListToolsRequest::default());
    ledger.register(&JsonRpcMessage::request(request, NumberOrString::Number(7)));
    ledger
}

fn decode(line: &str) -> Option<Value> {
    awaiting().decode(line.as_bytes()).map(|message| serde_json::to_value(message).expect("JSON"))
}

#[test]
fn replies_pass_through_whole() {
    let result = r#"{"content":[{"type":"hologram","x":[1]}],"z":1.50,"a":null,"resultType":"complete"}"#;
    let reply = decode(&format!(r#"{{"jsonrpc":"2.0","id":7,"result":{result}}}"#)).expect("a message");
    assert_eq!(reply["result"], serde_json::from_str::<Value>(result).expect("JSON"));
    assert!(decode(r#"{"jsonrpc":"2.0","id":"7","result":{}}"#).is_some(), "an id sent as text");
    assert!(decode(r#"{"jsonrpc":"2.0","id":8,"result":{}}"#).is_none(), "nobody asked");
}

#[test]
fn what_is_no_reply_fails_its_call() {
    let deep = format!(r#"{{"id":7,"result":{}{}}}"#, "[".repeat(5_000), "]".repeat(5_000));
    for line in [r#"{"jsonrpc":"2.0","id":7}"#, r#"{"id":7,"result":null}"#, &deep] {
        let message = decode(line).expect("a message");
        let text = message["error"]["message"].as_str().expect("an error");
        assert!(text.contains("not a reply"), "{text}");
    }
    let error = decode(r#"{"id":7,"error":"plain text"}"#).expect("a message");
    assert_eq!(error["error"]["message"], "\"plain text\"");
}

#[test]
fn a_list_is_no_message() {
    let ledger = awaiting();
    for line in [r#"[7,null,{"content":[]},null]"#, "[7]", r#" [{"id":7,"result":{}}]"#] {
        assert!(ledger.decode(line.as_bytes()).is_none(), "{line}");
    }
    assert!(ledger.awaits(&NumberOrString::Number(7)));
}

#[test]
fn noise_is_remembered_and_too_much_of_it_ends_the_connection() {
    let ledger = awaiting();
    assert!(ledger.decode(b"Server listening...").is_none());
    assert_eq!(ledger.noise().as_deref(), Some("Server listening..."));
    assert_eq!(ledger.fault(), None);
    for _ in 0..MAX_NOISE_BYTES {
        ledger.decode(b"[debug] hm");
    }
    assert!(ledger.fault().expect("a fault").contains("not MCP"));
}

#[tokio::test]
async fn a_line_without_end_ends_the_connection() {
    let endless = tokio::io::repeat(b'x');
    let (mut wire, ledger) = Wire::new(endless, tokio::io::sink(), Duration::from_secs(1));
    assert!(wire.receive().await.is_none());
    assert_eq!(ledger.fault().as_deref(), Some("it sent a message of more than 65 MB"));
}

/// A ledger with a call on its way, and the call.
fn calling() -> (Arc<Ledger>, PendingCall) {
    let ledger = Arc::new(Ledger::default());
    let arguments = Map::from_iter([("n".to_owned(), Value::from(1))]);
    let call = ledger.call("t", &arguments, None).expect("open");
    (ledger, call)
}

#[tokio::test]
async fn a_call_gets_its_own_answer_once() {
    let (ledger, mut call) = calling();
    for line in [r#"{"id":1073741825,"result":{}}"#, r#"{"id":1073741824,"result":{"z":1.50}}"#] {
        assert!(ledger.decode(line.as_bytes()).is_none(), "not for the library");
    }
    assert!(ledger.decode(br#"{"id":1073741824,"result":{"again":1}}"#).is_none());
    let answer = call.answer().await.expect("open").expect("a result");
    assert_eq!(answer.get(), r#"{"z":1.50}"#);
    let (ledger, mut call) = calling();
    assert!(ledger.decode(br#"{"id":"1073741824","error":{"code":-1,"message":"no"}}"#).is_none());
    assert_eq!(call.answer().await.expect("open").expect_err("an error").message, "no");
    let (ledger, mut call) = calling();
    ledger.close();
    assert!(call.answer().await.is_none());
    assert!(ledger.call("t", &Map::new(), None).is_none(), "closed");
}

#[tokio::test]
async fn a_dropped_call_is_taken_back_or_told() {
    let (ledger, call) = calling();
    drop(call);
    let (mut server, input) = tokio::io::duplex(1 << 10);
    let writing = Arc::clone(&ledger);
    let writer = tokio::spawn(async move { writing.outbox.write(input, |_| ()).await });
    let call = ledger.call("u", &Map::new(), Some(&Value::from(7))).expect("open");
    let line = "{\"jsonrpc\":\"2.0\",\"id\":1073741825,\"method\":\"tools/call\",\
                \"params\":{\"name\":\"u\",\"arguments\":{},\"_meta\":7}}\n";
    let mut read = vec![0; line.len()];
    server.read_exact(&mut read).await.expect("a line");
    assert_eq!(String::from_utf8_lossy(&read), line, "the first call never left");
    drop(call);
    let mut rest = String::new();
    let note = "\"requestId\":1073741825";
    while !rest.contains(note) {
        let mut byte = [0];
        server.read_exact(&mut byte).await.expect("a cancellation");
        rest.push(char::from(byte[0]));
    }
    assert!(rest.contains("notifications/cancelled"), "{rest}");
    ledger.close();
    writer.await.expect("the writer ends");
}

#[tokio::test]
async fn a_server_that_asks_without_reading_the_answers_is_given_up() {
    let (_never_read, input) = tokio::io::duplex(64);
    let (_silent, output) = tokio::io::duplex(64);
    let (mut wire, ledger) = Wire::new(output, input, Duration::from_secs(1));
    let mut call = ledger.call("t", &Map::new(), None).expect("open");
    let answers = (0..100_000).take_while(|id| {
        let answer = JsonRpcMessage::response(ClientResult::empty(()), NumberOrString::Number(*id));
        // It is queued at once; whether it was ever written is not waited for.
        let _ = wire.send(answer).now_or_never();
        ledger.fault().is_none()
    });
    assert!(answers.count() < 100_000, "all of them wait");
    assert!(ledger.fault().expect("a fault").contains("does not read"));
    assert!(call.answer().await.is_none());
    assert!(ledger.call("t", &Map::new(), None).is_none(), "closed");
}

#[test]
fn a_reply_of_too_many_values_is_refused_before_they_are_built() {
    let many = "{},".repeat(2_000_000);
    for line in [
        format!(r#"{{"id":7,"result":{{"tools":[{many}{{}}]}}}}"#),
        format!(r#"{{"id":7,"error":{{"message":"no","data":[{many}{{}}]}}}}"#),
    ] {
        let text = decode(&line).expect("a message")["error"]["message"].to_string();
        assert!(text.contains("two million values") || text.contains("cannot be read"), "{text}");
    }
}

#[test]
fn what_nobody_asked_for_is_short() {
    let note = |bytes: usize| {
        let data = "x".repeat(bytes);
        format!(
            r#"{{"jsonrpc":"2.0","method":"notifications/message","params":{{"level":"info","data":"{data}"}}}}"#
        )
    };
    assert!(awaiting().decode(note(1_000).as_bytes()).is_some());
    assert!(awaiting().decode(note(MAX_UNASKED_BYTES).as_bytes()).is_none());
}

proptest! {
    #[test]
    fn no_line_panics(line in prop::collection::vec(any::<u8>(), 0..200)) {
        awaiting().decode(&line);
    }

    #[test]
    fn no_message_like_line_panics(
        id in "(7|\"7\"|null|-1|1e99|\\[\\])",
        rest in "(,\"(method|result|error|params)\":(null|1|\"x\"|\\{\\}|\\{\"code\":1e300\\})){0,3}",
    ) {
        awaiting().decode(format!("{{\"jsonrpc\":\"2.0\",\"id\":{id}{rest}}}").as_bytes());
    }
}
