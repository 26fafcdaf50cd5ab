//! What the tests of the wall share: a pool of the hostile guest, attacks by
//! their script, verdicts in words, and the host's own account of itself.

use std::{
    collections::BTreeMap,
    fs,
    future::Future,
    pin::Pin,
    process::Command,
    sync::Arc,
    time::{Duration, Instant},
};

use terraphim_sandbox::{
    Call, Ending, GuestImage, HostCalls, HostReply, Layers, Pool, PoolConfig, Program, RunEnd,
};
use terraphim_types::{Language, Limits};
use tokio_util::sync::CancellationToken;

/// How long anything may take that takes no time on an idle machine.
pub(crate) const SOON: Duration = Duration::from_secs(20);

/// A process of the test's own for what it measures: says `true` in there. In
/// the test it runs this same test in a new process and passes its failure on.
pub(crate) fn is_alone(test: &str) -> bool {
    const ALONE: &str = "TERRAPHIM_TEST_ALONE";
    if std::env::var(ALONE).is_ok_and(|alone| alone == test) {
        return true;
    }
    let program = std::env::current_exe().expect("a path of this program");
    let ended = Command::new(program)
        .args(["--exact", test, "--nocapture", "--test-threads", "1"])
        .env(ALONE, test)
        .output()
        .expect("this program can be started");
    let output = String::from_utf8_lossy(&ended.stdout);
    let errors = String::from_utf8_lossy(&ended.stderr);
    print!("{output}");
    assert!(ended.status.success(), "{}\n{output}\n{errors}", ended.status);
    assert!(output.contains("1 passed"), "no test has the name {test}:\n{output}");
    false
}

/// Answers `echo` with its arguments, `big` with 100 MB, and `never` never.
pub(crate) struct Host;

impl HostCalls for Host {
    fn call(&self, call: Call) -> Pin<Box<dyn Future<Output = HostReply> + Send + '_>> {
        Box::pin(async move {
            let payload = match call.name.as_str() {
                "never" => std::future::pending().await,
                "big" => vec![b'1'; 100_000_000],
                _ => call.payload,
            };
            HostReply { ok: true, payload, hold: None }
        })
    }
}

/// A pool of the hostile guest in a role.
pub(crate) fn pool(role: &str, ready: usize) -> Pool {
    pool_with(role, PoolConfig { ready, ..PoolConfig::default() })
}

/// The same that gives up sooner those who do not answer.
pub(crate) fn impatient_pool(role: &str) -> Pool {
    pool_with(role, PoolConfig { ready: 0, patience: SOON / 5, ..PoolConfig::default() })
}

fn pool_with(role: &str, config: PoolConfig) -> Pool {
    let image = GuestImage::new(&terraphim_hostile_guest::program_with(role)).expect("an image");
    Pool::with_guest(config, image)
}

/// Limits of an attack whose verdict is not to be the deadline.
pub(crate) fn patient() -> Limits {
    Limits { wall: SOON, ..Limits::default() }
}

/// Runs one attack.
pub(crate) async fn attack(pool: &Pool, limits: Limits, script: &str) -> RunEnd {
    let lease = match pool.checkout(limits).await {
        Ok(lease) => lease,
        Err(error) => panic!("{script}: {error}"),
    };
    let program =
        Program { source: script.into(), language: Language::TypeScript, folder: String::new(), stage: None };
    lease.run(program, Arc::new(Host), &CancellationToken::new(), 6 << 10).await
}

/// How a run ended, in words.
pub(crate) fn verdict(ending: &Ending) -> String {
    match ending {
        Ending::Result(json) => format!("result {}", String::from_utf8_lossy(json)),
        Ending::Failed(failure) => format!("failed {} at line {}", failure.message, failure.line),
        Ending::Deadline => "deadline".into(),
        Ending::Cpu => "cpu".into(),
        Ending::Memory => "memory".into(),
        Ending::TooManyThreads { limit } => format!("more than {limit} threads"),
        Ending::TooManyCalls { limit } => format!("more than {limit} calls"),
        Ending::TooMuchWaiting { limit } => format!("more than {limit} bytes"),
        Ending::Forbidden => "forbidden".into(),
        Ending::Crashed { started, signal } => {
            format!("died of {signal} {} its start", if *started { "after" } else { "before" })
        }
        Ending::Protocol(None) => "protocol".into(),
        Ending::Protocol(Some(error)) => format!("protocol: {error}"),
        Ending::Lost => "lost".into(),
        other => format!("{other:?}"),
    }
}

/// What this process has that an attack could leave behind.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Account {
    /// Open descriptors by what they lead to.
    pub(crate) descriptors: BTreeMap<String, usize>,
    /// Every process below this one.
    pub(crate) processes: usize,
    pub(crate) threads: String,
}

/// The account of this process now.
pub(crate) fn account() -> Account {
    let mut descriptors = BTreeMap::new();
    for entry in fs::read_dir("/proc/self/fd").expect("/proc").flatten() {
        // The folder itself is open while it is read, and closed before it can be looked at again.
        if let Ok(target) = fs::read_link(entry.path()) {
            let target = target.to_string_lossy().into_owned();
            let kind = target.split(':').next().unwrap_or_default().to_owned();
            if !kind.starts_with("/proc/") {
                *descriptors.entry(kind).or_default() += 1;
            }
        }
    }
    let processes = descendants(std::process::id());
    Account { descriptors, processes, threads: status(std::process::id(), "Threads:") }
}

/// The account once a first run has ended and only its zygote is left.
pub(crate) async fn first_account(pool: &Pool) -> Account {
    let end = attack(pool, patient(), "done 7").await;
    assert_eq!(verdict(&end.ending), "result 7");
    // The process that waits is there for a PID namespace only.
    let processes = if end.jail.layers.contains(Layers::PID) { 2 } else { 1 };
    let deadline = Instant::now() + SOON;
    loop {
        let now = account();
        if now.processes == processes {
            return now;
        }
        assert!(Instant::now() < deadline, "the first run does not end: {now:?}");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Runs a test of its own process on one thread.
pub(crate) fn block_on(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(test);
}

/// Waits until the account is as it was before.
pub(crate) async fn settle(before: &Account, after: &str) {
    let deadline = Instant::now() + SOON;
    loop {
        let now = account();
        if now == *before {
            return;
        }
        assert!(Instant::now() < deadline, "{after} left something behind: {now:?}, before {before:?}");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

fn descendants(pid: u32) -> usize {
    children(pid).into_iter().map(|child| 1 + descendants(child)).sum()
}

/// The processes that a process has started.
pub(crate) fn children(pid: u32) -> Vec<u32> {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let lists = threads.map(|thread| fs::read_to_string(thread.path().join("children")).unwrap_or_default());
    lists.flat_map(|list| list.split_whitespace().flat_map(str::parse).collect::<Vec<_>>()).collect()
}

/// A field of a process's status.
pub(crate) fn status(pid: u32, field: &str) -> String {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(field)).unwrap_or_default();
    line.trim().to_owned()
}

/// A size of this process, in MiB.
pub(crate) fn mebibytes(field: &str) -> u64 {
    let size = status(std::process::id(), field);
    size.strip_suffix(" kB").and_then(|size| size.parse::<u64>().ok()).expect("a size") >> 10
}
