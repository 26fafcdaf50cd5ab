//! Sessions: variables and files that outlive a program.

use std::{fs, path::Path, sync::Arc, time::Duration};

use serde_json::{Value, json};
use terraphim_code_execution::{
    CheckerPlaces, ClientId, ErrorKind, ExecuteRequest, Executor, ExecutorConfig, Outcome, SessionRequest,
    tokens::HelperCommand,
};
use terraphim_mcp_gateway::{Gateway, GatewayConfig, parse_mcp_config};
use terraphim_sandbox::{Pool, PoolConfig, RuntimeConfig};
use terraphim_types::{Language, Limits};
use tokio_util::sync::CancellationToken;

use crate::place::Place;

/// Longer than anything here takes, on any machine.
const PATIENCE: Duration = Duration::from_secs(120);

struct Host {
    executor: Executor,
    client: ClientId,
    language: Language,
}

impl Host {
    fn new(place: &Place, language: Language) -> Self {
        let servers = json!({ "mcpServers": { "up": place.server("up", &[]) } }).to_string();
        let config = parse_mcp_config(Path::new("servers"), &servers, &|_| None).expect("a configuration");
        let gateway = Gateway::new(GatewayConfig { config, ..GatewayConfig::default() }, Vec::new());
        let workspace = place.workspace();
        let store = workspace.parent().expect("a store").to_owned();
        let search_path = std::env::var_os("PATH").unwrap_or_default();
        let runtimes = RuntimeConfig { store, is_own: true, search_path, cache: None };
        let executor = Executor::new(ExecutorConfig {
            pool: Pool::with_runtimes(PoolConfig::default(), runtimes),
            gateway: Arc::new(gateway),
            workspace,
            checkpoints: Some(place.path("checkpoints")),
            token_helper: HelperCommand { program: "/bin/false".into(), args: Vec::new() },
            face: String::new(),
            checker: CheckerPlaces::default(),
        });
        Self { executor, client: ClientId::new("one"), language }
    }

    fn request(&self, session: &str, code: &str) -> ExecuteRequest {
        let name = session.parse().expect("a name");
        ExecuteRequest {
            client: Some(self.client.clone()),
            session: Some(SessionRequest { name, reset: false }),
            ..ExecuteRequest::new(code, self.language)
        }
    }

    async fn execute(&self, request: ExecuteRequest) -> Outcome {
        let cancel = CancellationToken::new();
        let executed = self.executor.execute(request, &cancel);
        tokio::time::timeout(PATIENCE, executed).await.expect("an end").outcome
    }

    async fn outcome(&self, session: &str, code: &str) -> Outcome {
        self.execute(self.request(session, code)).await
    }

    /// The result of a program that comes to its own end.
    async fn result(&self, session: &str, code: &str) -> Value {
        let outcome = self.outcome(session, code).await;
        assert!(outcome.error.is_none(), "{code}: {:?}", outcome.error);
        outcome.result
    }

    async fn failure(&self, session: &str, code: &str) -> String {
        let outcome = self.outcome(session, code).await;
        outcome.error.unwrap_or_else(|| panic!("{code} gives {}", outcome.result)).render("p")
    }
}

/// Programs of one session in their order, each with its result or a part of its failure.
async fn follow(host: &Host, programs: &[(&str, Result<Value, &str>)]) {
    for (code, expected) in programs {
        match expected {
            Ok(expected) => assert_eq!(&host.result("s", code).await, expected, "{code}"),
            Err(words) => {
                let failure = host.failure("s", code).await;
                assert!(failure.contains(words), "{code}: {failure}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn typescript_finds_what_earlier_programs_declared() {
    let place = Place::new();
    let host = Host::new(&place, Language::TypeScript);
    follow(
        &host,
        &[
            ("import { up } from 'mcp-servers'\nconst a = 1; let b: number = 2; function add(x: number) { return x + b }\nreturn a", Ok(json!(1))),
            ("return [a, b, add(1), (await up.add({ a: 1, b: 2 })).sum]", Ok(json!([1, 2, 3, 3]))),
            ("b = 10; return add(1)", Ok(json!(11))),
            ("a = 2", Err("TypeError")),
            ("const { x, y: [z], ...rest } = { x: 1, y: [2], p: 3, q: 4 }; class C { m() { return x } }\nenum E { A = 7 }\nreturn 0", Ok(json!(0))),
            ("return [x, z, rest, new C().m(), E.A]", Ok(json!([1, 2, { "p": 3, "q": 4 }, 1, 7]))),
            ("const a = 'again'; return a", Ok(json!("again"))),
            ("return a", Ok(json!("again"))),
            ("let late = 5\nthrow new Error('no')", Err("p:2:11: Error: no")),
            ("return late", Ok(json!(5))),
            ("function fails() { throw new Error('deep') }\nreturn 1", Ok(json!(1))),
            ("const one = 1\n\nfails()", Err("p:3:1: Error: deep")),
            ("setTimeout(() => { globalThis.rang = true }, 20); up.add({ a: 1, b: 1 }); return 1", Ok(json!(1))),
            ("await new Promise(r => setTimeout(r, 60)); return typeof rang", Ok(json!("undefined"))),
            ("syntax error here", Err("p:1:7")),
            ("return b", Ok(json!(10))),
        ],
    )
    .await;
    let other = host.failure("other", "return b").await;
    assert!(other.contains("ReferenceError"), "{other}");
    let plain = ExecuteRequest::new("return typeof b", Language::TypeScript);
    assert_eq!(host.execute(plain).await.result, json!("undefined"));
    let stranger = Host { client: ClientId::new("two"), ..host };
    assert!(stranger.failure("s", "return b").await.contains("ReferenceError"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn python_finds_what_earlier_programs_declared() {
    let place = Place::new();
    if !place.has_python() {
        return;
    }
    let host = Host::new(&place, Language::Python);
    follow(
        &host,
        &[
            ("from mcp_servers import up\nimport math\na = 1\ndef add(x):\n    return x + b\nb = 2\na", Ok(json!(1))),
            ("[a, b, add(1), up.add(a=1, b=2)['sum'], math.floor(1.5)]", Ok(json!([1, 2, 3, 3, 1]))),
            ("b = 10\nadd(1)", Ok(json!(11))),
            ("result = 'mine'", Ok(json!("mine"))),
            ("print('told')", Ok(json!("told"))),
            ("late = 5\nraise ValueError('no')", Err("p:2:1: ValueError: no")),
            ("late", Ok(json!(5))),
            ("def fails():\n    raise ValueError('deep')\nNone", Ok(json!(null))),
            ("one = 1\n\nfails()", Err("p:3:1: ValueError: deep")),
            ("import asyncio\nr = await asyncio.gather(*[up.add(a=n, b=0) for n in range(3)])\n[one['sum'] for one in r]", Ok(json!([0, 1, 2]))),
            ("import asyncio\nasync def main():\n    return (await up.add(a=2, b=2))['sum']\nasyncio.run(main())", Ok(json!(4))),
            ("x = (", Err("p:1:5")),
            ("open('kept.txt', 'w').write('one')", Ok(json!(3))),
            ("open('kept.txt').read()", Ok(json!("one"))),
            ("b", Ok(json!(10))),
        ],
    )
    .await;
    let store = place.workspace().parent().expect("a store").to_owned();
    assert_eq!(fs::read_to_string(store.join("s/kept.txt")).expect("a file"), "one");
    assert!(host.failure("other", "b").await.contains("NameError"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_python_session_names_only_what_each_program_changed() {
    let place = Place::new();
    if !place.has_python() {
        return;
    }
    let host = Host::new(&place, Language::Python);
    let mut told = Vec::new();
    for code in [
        "import os, shutil\nos.makedirs('d/e')\nopen('d/a', 'w').write('1')\nopen('d/e/b', 'w').write('2')\nNone",
        "None",
        "open('d/a', 'w').write('3')\nNone",
        "shutil.rmtree('d')\nos.mkdir('d')\nopen('d/c', 'w').write('4')\nNone",
        "None",
    ] {
        let outcome = host.outcome("s", code).await;
        assert!(outcome.error.is_none(), "{:?}", outcome.error);
        let files: Vec<_> =
            outcome.files.iter().map(|file| format!("{} {:?}", file.path, file.change)).collect();
        told.push(files.join(", "));
    }
    let expected = [
        "d/a Some(Created), d/e/b Some(Created)",
        "",
        "d/a Some(Changed)",
        "d/a Some(Deleted), d/c Some(Created), d/e/b Some(Deleted)",
        "",
    ];
    assert_eq!(told, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_was_killed_says_so_once() {
    let place = Place::new();
    let languages = [
        (
            Language::TypeScript,
            "globalThis.a = 1; return 1",
            "for (;;) {}",
            "return typeof a",
            json!("undefined"),
        ),
        (Language::Python, "a = 1\n1", "while True:\n    pass", "'a' in globals()", json!(false)),
    ];
    for (language, first, endless, asks, fresh) in languages {
        if language == Language::Python && !place.has_python() {
            continue;
        }
        let host = Host::new(&place, language);
        assert_eq!(host.result("s", first).await, json!(1));
        let limits = Limits { wall: Duration::from_millis(400), ..Limits::default() };
        let killed = host.execute(ExecuteRequest { limits, ..host.request("s", endless) }).await;
        assert_eq!(killed.error.map(|error| error.kind), Some(ErrorKind::Limit), "{language}");
        let told = host.outcome("s", asks).await;
        // An interpreter that stops by itself survives; one that has to be killed does not.
        if let Some(error) = told.error {
            let text = error.render("p");
            assert!(
                text.contains("the variables of the session `s` are gone because its last program"),
                "{text}"
            );
            assert_eq!(host.result("s", asks).await, fresh, "{language}");
        } else {
            assert_eq!(language, Language::TypeScript);
        }
        assert_eq!(host.result("s", first).await, json!(1));
        let mut reset = host.request("s", asks);
        reset.session = reset.session.map(|session| SessionRequest { reset: true, ..session });
        assert_eq!(host.execute(reset).await.result, fresh, "{language}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn programs_of_a_session_follow_one_another_and_sessions_are_bounded() {
    let place = Place::new();
    let host = Host::new(&place, Language::TypeScript);
    host.result("s", "globalThis.n = 0; return 0").await;
    let code = "const seen = n; await new Promise(r => setTimeout(r, 5)); n = seen + 1; return n";
    let runs = futures_util::future::join_all((0..20).map(|_| host.result("s", code))).await;
    let mut counts: Vec<_> = runs.iter().filter_map(Value::as_u64).collect();
    counts.sort_unstable();
    assert_eq!(counts, (1..=20).collect::<Vec<_>>());
    for number in 0..20 {
        host.result(&format!("more-{number}"), "globalThis.n = 0; return 0").await;
    }
    let told = host.failure("s", "return n").await;
    assert!(told.contains("because at most 16 sessions are kept"), "{told}");
    assert_eq!(host.result("more-19", "return n").await, json!(0));
}

#[tokio::test]
async fn a_session_ends_when_its_workspace_is_put_back() {
    let place = Place::new();
    if !place.has_python() {
        return;
    }
    let host = Host::new(&place, Language::Python);
    let programs = [
        (
            "from mcp_runtime import workspace\nx = open('f', 'w').write('1'); workspace.checkpoint('c')['files']",
            Ok(json!(1)),
        ),
        ("open('f', 'w').write('22')", Ok(json!(2))),
        ("workspace.restore('c')['name']", Ok(json!("c"))),
        ("x", Err("are gone because its workspace was put back to `c`; its files are there")),
        ("open('f').read()", Ok(json!("1"))),
    ];
    follow(&host, &programs).await;
}
