//! How long runs live: progress, cancellation, the soft limit, the end of a connection.

use std::time::Duration;

use rmcp::model::ProgressToken;
use serde_json::{Value, json};
use terraphim_code_execution::{ExecuteRequest, Executor};
use terraphim_types::Language;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use crate::support::{Client, PATIENCE, Setup, eras, is_error, reaches, text, value};

const HOLD: &str = "import { terraphim } from 'mcp-servers'; await terraphim.hold({}); return 'held'";
const SPIN: &str = "import { terraphim } from 'mcp-servers'; await terraphim.signal({}); for (;;) {}";

fn lasting(code: &str) -> Value {
    json!({ "code": code, "timeout_ms": 600_000 })
}

/// Runs a program beside any face; with a pool of one place, that place must be free.
async fn result(executor: &Executor, code: &str) -> Value {
    let request = ExecuteRequest::new(code, Language::TypeScript);
    let cancel = CancellationToken::new();
    let execution = timeout(Duration::from_secs(20), executor.execute(request, &cancel)).await;
    let outcome = execution.expect("a free place").outcome;
    assert!(outcome.error.is_none(), "{outcome:?}");
    outcome.result
}

#[tokio::test]
async fn progress_is_told_at_the_start_and_every_second() {
    let stage = Setup::default().build();
    let mut client = stage.connect().await;
    let call = client.send("execute_code", lasting(HOLD)).await;
    let mut told = Vec::new();
    for _ in 0..3 {
        told.push(timeout(PATIENCE, client.progress.recv()).await.unwrap().unwrap());
    }
    stage.notes.released.send_replace(true);
    timeout(PATIENCE, call.await_response()).await.unwrap().unwrap();
    let elapsed: Vec<f64> = told.iter().map(|told| told.progress).collect();
    assert!(elapsed[0] < 0.9 && elapsed[1] >= 1.0 && elapsed[2] >= elapsed[1] + 0.9, "{elapsed:?}");
    assert_eq!(told[0].message.as_deref(), Some("running for 0 s"));
}

#[tokio::test]
async fn a_cancelled_call_kills_its_run_in_every_era() {
    for era in eras() {
        let stage = Setup { capacity: 1, ..Setup::default() }.build();
        let client = stage.connect_by(era).await;
        let holding = client.send("execute_code", lasting(HOLD)).await;
        reaches(&stage.notes.held, 1).await;
        holding.cancel(None).await.unwrap();
        reaches(&stage.notes.held, 0).await;

        let spinning = client.send("execute_code", lasting(SPIN)).await;
        reaches(&stage.notes.signals, 1).await;
        spinning.cancel(Some("enough".into())).await.unwrap();
        let began = Instant::now();
        let next = client.execute("return 'next'").await;
        assert_eq!(value(&next)["result"], "next");
        assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
        client.leave().await.unwrap();
    }
}

#[tokio::test]
async fn a_cancelled_call_leaves_the_queue() {
    let stage = Setup { capacity: 1, ..Setup::default() }.build();
    let client = stage.connect().await;
    let holding = client.send("execute_code", lasting(HOLD)).await;
    reaches(&stage.notes.held, 1).await;
    let queued = client.send("execute_code", lasting(SPIN)).await;
    queued.cancel(None).await.unwrap();
    stage.notes.released.send_replace(true);
    timeout(PATIENCE, holding.await_response()).await.unwrap().unwrap();
    let next = client.execute("return 'next'").await;
    assert_eq!(value(&next)["result"], "next");
    assert_eq!(*stage.notes.signals.borrow(), 0);
}

/// Less than the protocol library waits for the answers to open calls.
const AT_ONCE: Duration = Duration::from_millis(4_500);

#[tokio::test]
async fn the_end_of_a_connection_kills_every_run_of_it() {
    for era in eras() {
        let setup = Setup { capacity: 2, soft_limit: Duration::from_millis(50), ..Setup::default() };
        let stage = setup.build();
        let mut client = stage.connect_by(era).await;
        let holding = client.call("execute_code", lasting(HOLD)).await;
        let spinning = client.call("execute_code", lasting(SPIN)).await;
        reaches(&stage.notes.held, 1).await;
        reaches(&stage.notes.signals, 1).await;
        for background in [&holding, &spinning] {
            assert_eq!(value(background)["status"], "running");
            let wait = json!({ "run_id": value(background)["run_id"], "timeout_ms": 600_000 });
            let waiting = client.send("wait", wait).await;
            told_of(&mut client, &waiting.progress_token).await;
        }
        let began = Instant::now();
        client.leave().await.unwrap();
        assert!(began.elapsed() < AT_ONCE, "{:?}", began.elapsed());
        reaches(&stage.notes.held, 0).await;
        let both = tokio::join!(result(&stage.executor, "return 1"), result(&stage.executor, "return 2"));
        assert_eq!(both, (json!(1), json!(2)));
    }
}

/// Waits until the call with this token is under way.
async fn told_of(client: &mut Client, token: &ProgressToken) {
    let told = async { while client.progress.recv().await.unwrap().progress_token != *token {} };
    timeout(PATIENCE, told).await.unwrap();
}

#[tokio::test]
async fn a_queued_run_ends_with_its_connection() {
    let stage = Setup { capacity: 1, ..Setup::default() }.build();
    let (first, mut second) = (stage.connect().await, stage.connect().await);
    let _holding = first.send("execute_code", lasting(HOLD)).await;
    reaches(&stage.notes.held, 1).await;
    let queued = second.send("execute_code", lasting(SPIN)).await;
    told_of(&mut second, &queued.progress_token).await;
    let began = Instant::now();
    second.leave().await.unwrap();
    assert!(began.elapsed() < AT_ONCE, "{:?}", began.elapsed());
    assert_eq!(*stage.notes.held.borrow(), 1, "the other client's run goes on");
}

#[tokio::test]
async fn dropping_the_service_kills_its_runs() {
    let setup = Setup { capacity: 1, soft_limit: Duration::from_millis(50), ..Setup::default() };
    let stage = setup.build();
    let client = stage.connect().await;
    client.call("execute_code", lasting(SPIN)).await;
    reaches(&stage.notes.signals, 1).await;
    client.served.abort();
    assert_eq!(result(&stage.executor, "return 1").await, json!(1));
}

#[tokio::test]
async fn a_long_run_goes_on_and_wait_answers_its_outcome() {
    for era in eras() {
        let setup = Setup { soft_limit: Duration::from_millis(100), ..Setup::default() };
        let stage = setup.build();
        let client = stage.connect_by(era).await;
        let answer = client.call("execute_code", lasting(HOLD)).await;
        assert!(!is_error(&answer));
        assert_eq!(value(&answer)["status"], "running");
        assert!(value(&answer)["elapsed_ms"].as_u64().unwrap() >= 100);
        let id = value(&answer)["run_id"].as_str().unwrap().to_owned();
        assert!(
            text(&answer).ends_with(&format!("call wait with {{\"run_id\":\"{id}\"}}")),
            "{}",
            text(&answer)
        );

        let polled = client.call("wait", json!({ "run_id": id, "timeout_ms": 0 })).await;
        assert_eq!(value(&polled)["status"], "running");
        let waiting = client.send("wait", json!({ "run_id": id, "timeout_ms": 600_000 })).await;
        waiting.cancel(None).await.unwrap();

        stage.notes.released.send_replace(true);
        for _ in 0..2 {
            let answer = client.call("wait", json!({ "run_id": id, "timeout_ms": 60_000 })).await;
            assert!(!is_error(&answer), "{}", text(&answer));
            let outcome = value(&answer);
            assert_eq!((&outcome["status"], &outcome["result"]), (&json!("done"), &json!("held")));
            assert_eq!(outcome["run_id"], id);
            assert!(text(&answer).starts_with("\"held\"\nusage: "), "{}", text(&answer));
        }
        client.leave().await.unwrap();
    }
}

#[tokio::test]
async fn a_run_that_fails_in_the_background_fails_in_wait() {
    let setup = Setup { soft_limit: Duration::from_millis(50), ..Setup::default() };
    let stage = setup.build();
    let client = stage.connect().await;
    let code = format!("{}; throw new Error('late')", HOLD.replace("return 'held'", ""));
    let answer = client.call("execute_code", lasting(&code)).await;
    let id = value(&answer)["run_id"].clone();
    stage.notes.released.send_replace(true);
    let failed = client.call("wait", json!({ "run_id": id, "timeout_ms": 60_000 })).await;
    assert!(is_error(&failed) && text(&failed).contains("Error: late"), "{failed:?}");
    assert_eq!(value(&failed)["error"]["kind"], "runtime");
}

#[tokio::test]
async fn unknown_runs_are_said_to_be_unknown() {
    let stage = Setup::default().build();
    let client = stage.connect().await;
    let answer = client.call("wait", json!({ "run_id": "run_0" })).await;
    assert!(is_error(&answer) && text(&answer).starts_with("there is no run `run_0`"), "{answer:?}");
    // A run of another client is none of this one's.
    let other = stage.connect().await;
    let id = value(&other.execute("return 1").await)["run_id"].clone();
    assert!(!is_error(&other.call("wait", json!({ "run_id": id })).await));
    assert!(is_error(&client.call("wait", json!({ "run_id": id })).await));
}

#[tokio::test]
async fn too_many_runs_are_refused_and_ended_ones_make_room() {
    let setup = Setup { capacity: 1, soft_limit: Duration::ZERO, ..Setup::default() };
    let stage = setup.build();
    let client = stage.connect().await;
    let mut first = Value::Null;
    for n in 0..1_024 {
        let answer = client.call("execute_code", lasting(HOLD)).await;
        assert_eq!(value(&answer)["status"], "running", "{n}");
        if n == 0 {
            first = value(&answer)["run_id"].clone();
        }
    }
    let refused = client.call("execute_code", lasting(HOLD)).await;
    assert!(is_error(&refused) && text(&refused).starts_with("1024 runs are under way"), "{refused:?}");
    stage.notes.released.send_replace(true);
    let wait = json!({ "run_id": first, "timeout_ms": 60_000 });
    assert_eq!(value(&client.call("wait", wait.clone()).await)["result"], "held");
    assert_eq!(value(&client.call("execute_code", lasting(HOLD)).await)["status"], "running");
    assert!(is_error(&client.call("wait", wait).await), "the oldest ended run made room");
}
