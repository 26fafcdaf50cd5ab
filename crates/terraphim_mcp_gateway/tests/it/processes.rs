//! No process outlives its gateway.

use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use terraphim_mcp_gateway::Gateway;

use crate::support::{Setup, call, eventually, is_alive};

/// A gateway with a running server whose own child ignores SIGTERM; the pids of both.
async fn family() -> (Setup, Gateway, [String; 2]) {
    let setup = Setup::one(&["--grandchild", "--crash-on", "fail"]);
    let gateway = setup.gateway();
    call(&gateway, "s.echo", json!({})).await.expect("a reply");
    let pids = ["start", "grandchild"].map(|word| setup.noted("s", word).remove(0));
    assert!(pids.iter().all(|pid| is_alive(pid)), "{pids:?}");
    (setup, gateway, pids)
}

#[tokio::test]
async fn shutdown_ends_the_group_and_waits_for_it() {
    let (_setup, gateway, pids) = family().await;
    gateway.shutdown().await;
    eventually("both are gone", async || !pids.iter().any(|pid| is_alive(pid))).await;
    let error = call(&gateway, "s.echo", json!({})).await.expect_err("shut down");
    assert!(error.to_string().contains("shut down"), "{error}");
}

#[tokio::test]
async fn dropping_the_gateway_ends_the_group() {
    let (_setup, gateway, pids) = family().await;
    drop(gateway);
    eventually("both are gone", async || !pids.iter().any(|pid| is_alive(pid))).await;
}

#[tokio::test]
async fn a_crash_takes_the_grandchildren_along() {
    let (_setup, gateway, pids) = family().await;
    call(&gateway, "s.fail", json!({})).await.expect_err("a crash");
    eventually("both are gone", async || !pids.iter().any(|pid| is_alive(pid))).await;
    gateway.shutdown().await;
}

#[test]
fn the_end_of_the_runtime_ends_the_group() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let (_setup, gateway, pids) = runtime.block_on(family());
    drop(runtime);
    let later = tokio::runtime::Runtime::new().expect("a runtime");
    later.block_on(eventually("both are gone", async || !pids.iter().any(|pid| is_alive(pid))));
    drop(gateway);
}

#[tokio::test]
async fn shutdown_while_starting_leaves_nothing() {
    let setup = Setup::one(&["--silent", "--grandchild"]);
    let gateway = setup.gateway();
    let _ = gateway.catalogue(None).await;
    eventually("it runs", async || !setup.noted("s", "grandchild").is_empty()).await;
    gateway.shutdown().await;
    let pids = ["start", "grandchild"].map(|word| setup.noted("s", word).remove(0));
    eventually("both are gone", async || !pids.iter().any(|pid| is_alive(pid))).await;
}

#[tokio::test]
async fn a_crash_is_noticed_although_a_runaway_child_keeps_the_pipes() {
    let setup = Setup::one(&["--runaway", "--crash-on", "fail"]);
    let gateway = setup.gateway();
    let started = Instant::now();
    let error = call(&gateway, "s.fail", json!({})).await.expect_err("a crash");
    assert!(error.to_string().contains("status 7"), "{error}");
    assert!(started.elapsed() < Duration::from_secs(20), "the runaway ends after 60 s");
    gateway.shutdown().await;
    for pid in setup.noted("s", "runaway") {
        let pid = pid.parse().ok().and_then(Pid::from_raw).expect("a pid");
        kill_process(pid, Signal::KILL).expect("it is still there");
    }
}
