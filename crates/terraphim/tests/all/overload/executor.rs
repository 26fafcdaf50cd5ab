//! The executor as an embedder has it: many clients, one pool.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use serde_json::json;
use terraphim_code_execution::{
    CheckerPlaces, ClientId, ErrorKind, ExecuteRequest, Executor, ExecutorConfig, Outcome,
    tokens::HelperCommand,
};
use terraphim_mcp_gateway::{Gateway, GatewayConfig, parse_mcp_config};
use terraphim_sandbox::{Pool, PoolConfig, QueueBounds};
use terraphim_types::{Language, Limits};
use tokio_util::sync::CancellationToken;

use super::face::calls;
use crate::place::Place;

/// Longer than anything here takes, on any machine.
const PATIENCE: Duration = Duration::from_secs(240);

fn executor(place: &Place, pool: &Pool) -> Executor {
    let servers = json!({ "mcpServers": { "up": place.server("up", &[]) } }).to_string();
    let config = parse_mcp_config(Path::new("servers"), &servers, &|_| None).expect("a configuration");
    let gateway = Gateway::new(GatewayConfig { config, ..GatewayConfig::default() }, Vec::new());
    Executor::new(ExecutorConfig {
        pool: pool.clone(),
        gateway: Arc::new(gateway),
        workspace: place.workspace(),
        checkpoints: None,
        token_helper: HelperCommand { program: "/bin/false".into(), args: Vec::new() },
        face: String::new(),
        checker: CheckerPlaces::default(),
    })
}

async fn outcome(executor: &Executor, client: &ClientId, code: String) -> Outcome {
    let request =
        ExecuteRequest { client: Some(client.clone()), ..ExecuteRequest::new(code, Language::TypeScript) };
    let cancel = CancellationToken::new();
    let executed = executor.execute(request, &cancel);
    tokio::time::timeout(PATIENCE, executed).await.expect("an end").outcome
}

/// Polls a condition; panics when it does not come to hold.
async fn eventually(what: &str, holds: impl Fn() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < until, "never: {what}");
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_concurrent_runs_are_all_right() {
    let place = Place::new();
    // The promised time is for a release build; this one may wait for its places longer.
    let pool = Pool::new(PoolConfig { queue_deadline: PATIENCE, ..PoolConfig::default() });
    let executor = executor(&place, &pool);
    let client = ClientId::new("one");
    let runs = (0..1_000_u32).map(|n| {
        let (executor, client) = (executor.clone(), client.clone());
        tokio::spawn(async move {
            let code = if n % 2 == 0 {
                format!("return {{ n: {n}, text: 'x'.repeat(3) }}")
            } else {
                format!("import {{ up }} from 'mcp-servers'\nreturn {{ n: (await up.add({{ a: {n}, b: 0 }})).sum, text: 'xxx' }}")
            };
            (n, outcome(&executor, &client, code).await)
        })
    });
    for run in join_all(runs).await {
        let (n, outcome) = run.expect("no panic");
        assert!(outcome.error.is_none(), "{n}: {:?}", outcome.error);
        assert_eq!(outcome.result, json!({ "n": n, "text": "xxx" }));
    }
    assert_eq!(pool.waiting(), 0);
}

#[tokio::test]
async fn a_flood_of_one_client_leaves_another_its_share() {
    let place = Place::new();
    let pool = Pool::new(PoolConfig { capacity: 2, queue_deadline: PATIENCE, ..PoolConfig::default() });
    let executor = executor(&place, &pool);
    let holder = ClientId::new("holder");
    let held = [
        pool.checkout_for(&holder, Language::TypeScript, Limits::default(), 0).await.expect("a place"),
        pool.checkout_for(&holder, Language::TypeScript, Limits::default(), 0).await.expect("a place"),
    ];
    let (flood, few) = (ClientId::new("flood"), ClientId::new("few"));
    let ended = Arc::new(AtomicUsize::new(0));
    let start = |client: &ClientId, n: usize| {
        let (executor, client, ended) = (executor.clone(), client.clone(), Arc::clone(&ended));
        tokio::spawn(async move {
            let outcome = outcome(&executor, &client, format!("return {n}")).await;
            assert_eq!(outcome.result, n, "{:?}", outcome.error);
            ended.fetch_add(1, Ordering::SeqCst)
        })
    };
    let many: Vec<_> = (0..500).map(|n| start(&flood, n)).collect();
    eventually("the flood waits", || pool.waiting() == 500).await;
    let five: Vec<_> = (0..5).map(|n| start(&few, n)).collect();
    eventually("all wait", || pool.waiting() == 505).await;
    drop(held);
    let mut last = 0;
    for run in five {
        last = last.max(run.await.expect("it is right"));
    }
    // In turns the fifth one has at most nine before it; the rest is for a machine that is busy.
    assert!(last < 60, "the last of five ended after {last} others");
    for run in many {
        run.await.expect("it is right");
    }
}

#[tokio::test]
async fn whoever_gets_no_place_is_told_why() {
    let place = Place::new();
    let queue = QueueBounds { of_one_client: 2, of_all: 3, bytes: 1_000 };
    let queue_deadline = Duration::from_millis(400);
    let pool =
        Pool::new(PoolConfig { capacity: 1, ready: 0, queue_deadline, queue, ..PoolConfig::default() });
    let executor = executor(&place, &pool);
    let (one, two) = (ClientId::new("the first user"), ClientId::new("the second user"));
    let held = pool.checkout(Limits::default()).await.expect("the only place");
    let start = |client: &ClientId, code: &str| {
        let (executor, client, code) = (executor.clone(), client.clone(), code.to_owned());
        tokio::spawn(async move { outcome(&executor, &client, code).await })
    };
    let waiting = [start(&one, "return 1"), start(&one, "return 2")];
    eventually("both wait", || pool.waiting() == 2).await;
    let refused = |outcome: Outcome, part: &str| {
        let error = outcome.error.expect("it is refused");
        assert_eq!(error.kind, ErrorKind::Limit);
        assert!(error.message.contains(part), "{}", error.message);
    };
    refused(start(&one, "return 3").await.expect("an end"), "2 runs of the first user wait already");
    let long = format!("return '{}'", "x".repeat(2_000));
    refused(start(&two, &long).await.expect("an end"), "the 2 programs that wait have 1000 bytes together");
    for run in waiting {
        refused(run.await.expect("an end"), "all 1 places are taken, and the first user got none within ");
    }
    // A cancelled run waits for nothing.
    let cancel = CancellationToken::new();
    let request = ExecuteRequest::new("return 1", Language::TypeScript);
    let mut queued = Box::pin(executor.execute(request, &cancel));
    assert!(futures_util::poll!(&mut queued).is_pending());
    assert_eq!(pool.waiting(), 1);
    cancel.cancel();
    assert_eq!(queued.await.outcome.error.expect("it is cancelled").message, "the run was cancelled");
    assert_eq!(pool.waiting(), 0);
    drop(held);
    assert_eq!(start(&two, "return 4").await.expect("an end").result, 4);
}

/// Fills memory, tells so by a call, and goes on for ever.
fn endless(megabytes: u32) -> String {
    format!(
        "import {{ up }} from 'mcp-servers'
        const kept = []; for (let i = 0; i < {megabytes}; i++) kept.push(new Uint8Array(1 << 20).fill(1))
        await up.echo({{}}); for (;;) {{}}"
    )
}

// One thread, so that whoever is started first asks first.
#[tokio::test]
async fn a_killed_runs_place_is_used_again_at_once() {
    let place = Place::new();
    let pool = Pool::new(PoolConfig { capacity: 1, queue_deadline: PATIENCE, ..PoolConfig::default() });
    let executor = executor(&place, &pool);
    pool.warm_up(Language::TypeScript).await.expect("a jail");
    let client = ClientId::new("one");
    let (mut small, mut large) = (Vec::new(), Vec::new());
    for round in 1..=10 {
        let cancel = CancellationToken::new();
        let (megabytes, times) = if round % 2 == 0 { (200, &mut large) } else { (0, &mut small) };
        let request = ExecuteRequest::new(endless(megabytes), Language::TypeScript);
        let (killed, token) = (executor.clone(), cancel.clone());
        let killed = tokio::spawn(async move { killed.execute(request, &token).await.outcome });
        eventually("it computes", || calls(&place, "up") == round).await;
        let next = tokio::spawn({
            let (executor, client) = (executor.clone(), client.clone());
            async move { (outcome(&executor, &client, "return 'next'".into()).await, Instant::now()) }
        });
        eventually("the next one waits", || pool.waiting() == 1).await;
        let began = Instant::now();
        cancel.cancel();
        let (outcome, ended) = next.await.expect("an end");
        times.push(ended - began);
        assert_eq!(outcome.result, "next", "{:?}", outcome.error);
        let killed = killed.await.expect("an end");
        assert_eq!(killed.error.expect("it is cancelled").message, "the run was cancelled");
    }
    for times in [&mut small, &mut large] {
        times.sort();
        // The promise of 10 ms is for a release build on a quiet machine.
        assert!(times.get(2).is_some_and(|median| *median < Duration::from_millis(500)), "{times:?}");
    }
}
