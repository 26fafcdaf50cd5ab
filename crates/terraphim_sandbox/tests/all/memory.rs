//! A run finds nothing of another run's in all the memory that it can read.

use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

use terraphim_sandbox::{Call, HostCalls, HostReply, Lease, Pool, Program};
use terraphim_types::{Language, Limits};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::host::{Host, SOON, attack, patient, pool, verdict};

/// Says that the other run has made its mark, and keeps it waiting.
struct Marked(Arc<Notify>);

impl HostCalls for Marked {
    fn call(&self, _: Call) -> Pin<Box<dyn Future<Output = HostReply> + Send + '_>> {
        self.0.notify_one();
        Box::pin(std::future::pending())
    }
}

/// Pages that are mapped and readable, and marks that were found in them.
async fn scan(lease: Lease, seed: u64, why: &str) {
    let program = Program {
        source: format!("scan {seed}"),
        language: Language::TypeScript,
        folder: String::new(),
        stage: None,
    };
    let end = lease.run(program, Arc::new(Host), &CancellationToken::new(), 1024).await;
    let [mapped, readable, marks] = counts(&verdict(&end.ending));
    assert!(mapped >= readable && readable > 100, "{why}: {mapped} pages, {readable} readable");
    assert_eq!(marks, 0, "{why}");
}

fn counts(verdict: &str) -> [u64; 3] {
    let list = verdict.strip_prefix("result [").and_then(|list| list.strip_suffix(']'));
    let list = list.unwrap_or_else(|| panic!("{verdict}"));
    let counts: Vec<u64> = list.split(',').flat_map(str::parse).collect();
    counts.try_into().expect("three numbers")
}

async fn lease(pool: &Pool, limits: Limits) -> Lease {
    pool.checkout(limits).await.expect("a place")
}

#[tokio::test]
async fn a_run_finds_its_own_mark() {
    let pool = pool("", 0);
    let end = attack(&pool, patient(), "mark 7; scan 7").await;
    let [_, _, marks] = counts(&verdict(&end.ending));
    // A mark is 32 bytes: over a mebibyte of the heap, and less elsewhere.
    assert!(marks > (1 << 20) / 32, "{marks}");
    let end = attack(&pool, patient(), "mark 7; scan 8").await;
    assert_eq!(counts(&verdict(&end.ending))[2], 0, "another mark than the one it made");
}

#[tokio::test]
async fn no_run_finds_the_mark_of_another() {
    let pool = pool("", 4);
    let other = Limits { memory_bytes: patient().memory_bytes + 1, ..patient() };
    for seed in 100..103 {
        // Made before the other run has its program, and used while it lives and after.
        let before = [lease(&pool, patient()).await, lease(&pool, other).await];
        let kept = [lease(&pool, patient()).await, lease(&pool, other).await];
        let (marked, cancel) = (Arc::new(Notify::new()), CancellationToken::new());
        let first = lease(&pool, patient()).await;
        let program = Program {
            source: format!("mark {seed}; call 1 marked 0"),
            language: Language::TypeScript,
            folder: String::new(),
            stage: None,
        };
        let running = {
            let (marked, cancel) = (Arc::clone(&marked), cancel.clone());
            tokio::spawn(async move { first.run(program, Arc::new(Marked(marked)), &cancel, 1024).await })
        };
        tokio::time::timeout(SOON, marked.notified()).await.expect("the mark is made");
        for early in before {
            scan(early, seed, "made before the mark, the other alive").await;
        }
        for limits in [patient(), other] {
            scan(lease(&pool, limits).await, seed, "made after the mark, the other alive").await;
        }
        cancel.cancel();
        let end = tokio::time::timeout(SOON, running).await.expect("an end").expect("no panic");
        assert_eq!(verdict(&end.ending), "Cancelled");
        assert!(end.usage.wall < SOON + Duration::from_secs(1), "{:?}", end.usage);
        for early in kept {
            scan(early, seed, "made before the mark, the other dead").await;
        }
        for limits in [patient(), other] {
            scan(lease(&pool, limits).await, seed, "made after the mark, the other dead").await;
        }
    }
}
