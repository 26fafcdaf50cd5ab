//! Real programs in the real jail.

use std::{future::Future, os::unix::fs::MetadataExt, pin::Pin, sync::Arc, time::Duration};

use terraphim_sandbox::{
    Call, Ending, FailureKind, HostCalls, HostReply, Layers, Pool, PoolConfig, Program, RunEnd,
};
use terraphim_types::{Language, Limits};
use tokio_util::sync::CancellationToken;

use crate::host::{children, status};

/// Answers `tool` with its arguments and `import` with one server that has the tool `echo`.
struct Echo;

impl HostCalls for Echo {
    fn call(&self, call: Call) -> Pin<Box<dyn Future<Output = HostReply> + Send + '_>> {
        Box::pin(async move {
            let payload = match call.name.as_str() {
                "import" => br#"{"servers":[{"server":"s","identifier":"s","tools":[{"name":"echo","identifiers":["echo"]}]}]}"#.to_vec(),
                _ => call.payload,
            };
            HostReply { ok: true, payload, hold: None }
        })
    }
}

async fn run_with(limits: Limits, source: &str) -> RunEnd {
    let pool = Pool::new(PoolConfig { ready: 0, ..PoolConfig::default() });
    let lease = pool.checkout(limits).await.expect("a place");
    let program =
        Program { source: source.into(), language: Language::TypeScript, folder: String::new(), stage: None };
    lease.run(program, Arc::new(Echo), &CancellationToken::new(), 6 << 10).await
}

pub(super) async fn run(source: &str) -> RunEnd {
    run_with(Limits::default(), source).await
}

async fn result(source: &str) -> String {
    let end = run(source).await;
    match end.ending {
        Ending::Result(json) => String::from_utf8(json).expect("UTF-8"),
        other => panic!("{source}: {other:?}\n{}", end.logs.text()),
    }
}

async fn failure(source: &str) -> terraphim_sandbox::Failure {
    match run(source).await.ending {
        Ending::Failed(failure) => failure,
        other => panic!("{source}: {other:?}"),
    }
}

#[tokio::test]
async fn results_are_found_in_every_documented_way() {
    for (source, expected) in [
        ("return 1 + 1", "2"),
        ("export default { a: 1n }", r#"{"a":"1"}"#),
        ("const x: number = 20; x + 1;", "21"),
        ("function main() { return 'm' }\nfunction other() { return 'o' }", r#""m""#),
        ("async function only() { return [1] }", "[1]"),
        ("const only = async () => 7", "7"),
        ("export default async function () { return 8 }", "8"),
        ("export function main() { return 9 }", "9"),
        ("let x = 1", "null"),
        ("main();\nasync function main() { return 5 }", "5"),
        ("enum Color { Red = 3, Green } return Color.Green", "4"),
        ("return groupBy([{k:'a'},{k:'b'},{k:'a'}], 'k').a.length", "2"),
        ("await new Promise(done => setTimeout(done, 5)); return 'later'", r#""later""#),
        ("return new Map([['a', new Set([1])]])", r#"{"a":[1]}"#),
        ("console.log('x')", "null"),
    ] {
        assert_eq!(result(source).await, expected, "{source}");
    }
}

#[tokio::test]
async fn tools_are_called_through_the_bridge() {
    let source = "import { s } from 'mcp-servers';
        const all = await Promise.all([1, 2, 3].map(n => s.echo({ n })));
        const later = await import('mcp-servers/s');
        return [all.map(x => x.arguments.n), await later.echo.raw({ x: 1 })]";
    let echoed = r#"[[1,2,3],{"server":"s","tool":"echo","raw":true,"arguments":{"x":1}}]"#;
    assert_eq!(result(source).await, echoed);
}

#[tokio::test]
async fn failures_name_the_line_of_the_agent() {
    let thrown =
        failure("type A = {\n  b: number\n}\nfunction f(a: A) {\n  throw new Error('boom')\n}\nf({ b: 1 })")
            .await;
    assert_eq!((thrown.kind, thrown.line, thrown.column), (FailureKind::Runtime, 5, 13), "{thrown:?}");
    assert_eq!(thrown.message, "Error: boom");
    let syntax = failure("const a = 1\nconst = 2").await;
    assert_eq!((syntax.kind, syntax.line, syntax.column), (FailureKind::Syntax, 2, 7), "{syntax:?}");
    let unknown = failure("import { s } from 'mcp-servers'\n\nawait s.ehco({})").await;
    assert_eq!((unknown.kind, unknown.line), (FailureKind::Tool, 3), "{unknown:?}");
    assert!(unknown.hint.contains("echo"), "{unknown:?}");
    let cycle = failure("const a: any = {}; a.a = a; return a").await;
    assert!(cycle.message.contains("refers to itself"), "{cycle:?}");
    let promise = failure("return [Promise.resolve(1)]").await;
    assert!(promise.message.contains("promise"), "{promise:?}");
    let stuck = failure("await new Promise(() => {})").await;
    assert!(stuck.message.contains("nothing can settle"), "{stuck:?}");
}

#[tokio::test]
async fn programs_that_spoil_their_world_get_their_own_verdict() {
    for (source, expected) in [
        ("return 'ab😀'.slice(0, 3)", "\"ab\u{fffd}\""),
        (
            "return { ['\\ud800']: ['\\udc00\\udc00', '\\\\ud800'] }",
            "{\"\u{fffd}\":[\"\u{fffd}\u{fffd}\",\"\\\\ud800\"]}",
        ),
        ("console.log('ab😀'.slice(0, 3)); return 1", "1"),
        ("Object.defineProperty(Map.prototype, 'size', { get() { throw 1 } }); return 5", "5"),
        ("Math.max = () => 1e300; await new Promise(done => setTimeout(done, 5)); return 1", "1"),
        ("Promise.prototype.then = 1; JSON.stringify = 1; Array.prototype.map = 1; return 2", "2"),
        ("#!/usr/bin/env node\nreturn 3", "3"),
        ("const a = 4; export { a as default }", "4"),
        ("'text'", "\"text\""),
        ("return typeof arguments", "\"undefined\""),
        (
            "let o = { a: 1 }; for (let i = 0; i < 4; i++) { const p = {}; for (let k = 0; k < 100; k++) p['k' + k] = o; o = p } console.log(o); return 6",
            "6",
        ),
    ] {
        assert_eq!(result(source).await, expected, "{source}");
    }
    for (source, expected) in [
        ("throw new Error('a\\ud800')", "Error: a\u{fffd}"),
        (
            "const e = new Error('x'); Object.defineProperty(e, 'stack', { get() { throw 1 } }); throw e",
            "Error: x",
        ),
        (
            "throw new Proxy(new Error('x'), { get() { throw 1 } })",
            "the program threw an error that cannot be read",
        ),
        (
            "throw { toString() { throw 1 }, get a() { throw 2 } }",
            "the program threw [value that cannot be printed]",
        ),
        ("throw new ToolError({ message: 'forged', kind: 'limit' })", "ToolError: forged"),
    ] {
        let failed = failure(source).await;
        assert_eq!((failed.kind, failed.message.as_str()), (FailureKind::Runtime, expected), "{source}");
    }
    let far = failure("const a = '😀😀😀😀'; null.x").await;
    assert_eq!((far.line, far.column), (1, 19), "{far:?}");
}

#[tokio::test]
async fn runaways_end_at_their_deadline() {
    let limits = Limits { wall: Duration::from_millis(200), ..Limits::default() };
    for source in [
        "for (;;) {}",
        "const s = 'a'.repeat(5e6); for (;;) s.includes('a'.repeat(1e6) + 'b')",
        "const again = () => Promise.resolve().then(again); await again()",
        "setInterval(() => {}, 1); await new Promise(() => {})",
    ] {
        let began = std::time::Instant::now();
        let end = run_with(limits, source).await;
        let limit = match &end.ending {
            Ending::Deadline => true,
            Ending::Failed(failure) => failure.kind == FailureKind::Limit,
            _ => false,
        };
        assert!(limit, "{source}: {:?}", end.ending);
        assert!(began.elapsed() < Duration::from_secs(5), "{source}: {:?}", began.elapsed());
    }
}

#[tokio::test]
async fn memory_is_bounded() {
    let limits = Limits { memory_bytes: 32 << 20, ..Limits::default() };
    for source in [
        "const a = []; for (;;) a.push(new Array(1000).fill(7))",
        "let s = 'x'; for (;;) s += s",
        "const a = []; for (;;) a.push(new Uint8Array(1 << 20))",
    ] {
        let end = run_with(limits, source).await;
        let limit = match &end.ending {
            Ending::Memory => true,
            Ending::Failed(failure) => {
                failure.kind == FailureKind::Limit || failure.message.contains("string")
            }
            _ => false,
        };
        assert!(limit, "{source}: {:?}", end.ending);
    }
}

#[tokio::test]
async fn deep_programs_are_refused_and_deep_recursion_is_an_error() {
    for source in [format!("return {}{}", "[".repeat(200_000), "]".repeat(200_000)), "(".repeat(300_000)] {
        let end = run(&source).await;
        let refused = match &end.ending {
            Ending::Crashed { started: false, .. } => true,
            Ending::Failed(failure) => failure.kind == FailureKind::Syntax,
            _ => false,
        };
        assert!(refused, "{:?}", end.ending);
    }
    let recursion = failure("function f(n) { return f(n + 1) + 1 }\nf(0)").await;
    assert!(recursion.message.contains("call stack"), "{recursion:?}");
    assert_eq!(recursion.line, 1, "{recursion:?}");
}

#[tokio::test]
async fn every_layer_of_the_wall_holds_here_or_is_named() {
    let end = run("return 1").await;
    let missing = end.jail.missing();
    assert_eq!(missing.is_empty(), end.jail.reduced.is_empty(), "{:?}", end.jail);
}

#[tokio::test]
async fn each_process_has_its_own_randomness() {
    assert_ne!(
        result("return [Math.random(), Math.random()]").await,
        result("return [Math.random(), Math.random()]").await
    );
}

#[tokio::test]
async fn a_cancelled_run_ends_at_once() {
    let pool = Pool::new(PoolConfig::default());
    let lease = pool.checkout(Limits::default()).await.expect("a place");
    let cancel = CancellationToken::new();
    let program = Program {
        source: "for (;;) {}".into(),
        language: Language::JavaScript,
        folder: String::new(),
        stage: None,
    };
    cancel.cancel();
    let end = lease.run(program, Arc::new(Echo), &cancel, 1024).await;
    assert!(matches!(end.ending, Ending::Cancelled), "{:?}", end.ending);
}

#[tokio::test]
async fn a_full_pool_says_so() {
    let config = PoolConfig {
        capacity: 1,
        ready: 0,
        queue_deadline: Duration::from_millis(50),
        ..PoolConfig::default()
    };
    let pool = Pool::new(config);
    let held = pool.checkout(Limits::default()).await.expect("the only place");
    let refused = pool.checkout(Limits::default()).await.err().expect("no place");
    assert!(refused.to_string().contains("all 1 places are taken"), "{refused}");
    drop(held);
    assert!(pool.checkout(Limits::default()).await.is_ok());
}

/// What a process of a pool is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// Waits for the zygote, which is the first process of a namespace; where there is none, nobody waits.
    Waiter,
    Zygote,
    /// Waits for a program.
    Run,
}

/// The processes of a pool.
async fn processes(pool: &Pool, waiting: usize) -> Vec<(Part, u32)> {
    let deadline = std::time::Instant::now() + Duration::from_secs(10);
    let jail = pool.warm_up(Language::TypeScript).await.expect("a jail");
    let first = pool.jail_pid().await.expect("a running jail");
    let has_waiter = jail.layers.contains(Layers::PID);
    loop {
        let zygote = if has_waiter { children(first) } else { vec![first] };
        let runs: Vec<_> = zygote.iter().flat_map(|zygote| children(*zygote)).collect();
        // A child has finished its jail once it has one filter more: two of the zygote and its own.
        let filters = |pid: u32| status(pid, "Seccomp_filters:").parse::<u32>().unwrap_or(0);
        let own = status(std::process::id(), "Seccomp_filters:").parse::<u32>().unwrap_or(0);
        if runs.len() == waiting && runs.iter().all(|run| filters(*run) == own + 3) {
            let waiter = has_waiter.then_some((Part::Waiter, first));
            let zygote = zygote.into_iter().map(|pid| (Part::Zygote, pid));
            return waiter
                .into_iter()
                .chain(zygote)
                .chain(runs.into_iter().map(|pid| (Part::Run, pid)))
                .collect();
        }
        assert!(std::time::Instant::now() < deadline, "the processes are not ready: {zygote:?} {runs:?}");
        tokio::task::yield_now().await;
    }
}

/// The namespaces that a layer consists of.
const NAMESPACES: &[(Layers, &str)] = &[
    (Layers::USER, "user"),
    (Layers::USER, "mnt"),
    (Layers::PID, "pid"),
    (Layers::NETWORK, "net"),
    (Layers::IPC_UTS, "ipc"),
    (Layers::IPC_UTS, "uts"),
];

/// Limits as the kernel prints them, soft and hard: of the zygote and of a run.
const LIMITS: &[(&str, &str, &str)] = &[
    ("Max core file size", "0 0", "0 0"),
    ("Max file size", "0 0", "0 0"),
    ("Max locked memory", "0 0", "0 0"),
    ("Max msgqueue size", "0 0", "0 0"),
    ("Max open files", "4096 4096", "4 4"),
    ("Max processes", "", "0 0"),
    ("Max cpu time", "", "30 31"),
    // 256 MiB for the program and 48 for the guest.
    ("Max address space", "", "318767104 318767104"),
];

fn limit_of(pid: u32, limit: &str) -> String {
    let text = std::fs::read_to_string(format!("/proc/{pid}/limits")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(limit)).unwrap_or_default();
    line.split_whitespace().take(2).collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn the_kernel_confirms_the_jail() {
    let pool = Pool::new(PoolConfig { ready: 2, ..PoolConfig::default() });
    let jail = pool.warm_up(Language::TypeScript).await.expect("a jail");
    let processes = processes(&pool, 2).await;
    for (part, pid) in processes {
        assert_eq!(status(pid, "NoNewPrivs:"), "1", "{pid}");
        assert_eq!(status(pid, "Seccomp:"), "2", "{pid}");
        for capabilities in ["CapInh:", "CapPrm:", "CapEff:", "CapAmb:"] {
            assert_eq!(status(pid, capabilities), "0000000000000000", "{pid} {capabilities}");
        }
        let uids = status(pid, "Uid:");
        assert!(uids.split_whitespace().all(|uid| uid != "0"), "{pid} runs as root: {uids}");
        // Files of a process that nobody may look into belong to no user of the jail.
        let owner = std::fs::metadata(format!("/proc/{pid}/environ")).map(|file| file.uid().to_string());
        let uid = uids.split_whitespace().next();
        assert_ne!(owner.expect("/proc").as_str(), uid.expect("a uid"), "{pid} can be looked into");
        // The process that waits has nothing that it could use.
        for (limit, of_zygote, of_run) in LIMITS.iter().filter(|_| part != Part::Waiter) {
            let expected = if part == Part::Zygote { of_zygote } else { of_run };
            let actual = limit_of(pid, limit);
            assert!(expected.is_empty() || actual == *expected, "{limit} of {pid}: {actual}");
        }
        let descriptors = std::fs::read_dir(format!("/proc/{pid}/fd")).map(|entries| entries.count());
        if let Ok(descriptors) = descriptors {
            // The process that waits has none, a run has its channel; the zygote also those of its children.
            let expected = match part {
                Part::Waiter => 0,
                Part::Zygote => 6,
                Part::Run => 1,
            };
            assert_eq!(descriptors, expected, "descriptors of {pid}");
        }
        if part == Part::Waiter {
            continue;
        }
        for (layer, namespace) in NAMESPACES {
            let of = |pid: &str| std::fs::read_link(format!("/proc/{pid}/ns/{namespace}"));
            if let (Ok(theirs), Ok(ours)) = (of(&pid.to_string()), of("self")) {
                let own = theirs != ours;
                assert_eq!(own, jail.layers.contains(*layer), "{pid} and its {namespace} namespace");
            }
        }
        if jail.layers.contains(Layers::EMPTY_ROOT)
            && let Ok(root) = std::fs::read_dir(format!("/proc/{pid}/root/"))
        {
            assert_eq!(root.count(), 0, "the root of {pid} is not empty");
        }
    }
}

/// Whether a process goes on. One that has ended may stay a name in the list: in
/// a container these tests can be the first process, which inherits orphans.
fn is_alive(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}

#[tokio::test]
async fn dropping_the_pool_ends_every_process() {
    let pool = Pool::new(PoolConfig { ready: 2, ..PoolConfig::default() });
    pool.warm_up(Language::TypeScript).await.expect("a jail");
    let processes = processes(&pool, 2).await;
    drop(pool);
    let deadline = std::time::Instant::now() + Duration::from_secs(10);
    for (_, pid) in processes {
        while is_alive(pid) {
            assert!(std::time::Instant::now() < deadline, "{pid} is still there");
            tokio::task::yield_now().await;
        }
    }
}
