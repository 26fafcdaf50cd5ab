//! `terraphim bench`: the promised figures, measured here, each beside a plain
//! client of the same upstream in the same process.

mod check;
mod figure;
mod mixed;
mod scene;
mod validation;

use std::{
    path::Path,
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use serde_json::json;
use terraphim_sandbox::PoolConfig;
use terraphim_types::Language;
use tokio_util::sync::CancellationToken;

use self::{
    figure::{Figure, Promise, median, percentile},
    scene::{Code, Scene, failed, milliseconds},
};
use crate::{
    cli::{BenchArgs, Global},
    commands::{block_on, complain, print},
    error::{CliError, Exit},
    settings::Settings,
};

const NO_CALL: &str = "return 1";
const ENDLESS: &str = "for (;;) {}";
const ONE_CALL: &str = "import { bench } from 'mcp-servers';\nreturn (await bench.echo({ n: 1 })).n;";
const THREE_IMPORTS: &str = "import { other0, other1, other2 } from 'mcp-servers';\nreturn 1";
const HUNDRED_CALLS: &str = "import { bench } from 'mcp-servers';
const all = await Promise.all(Array.from({ length: 100 }, (_, n) => bench.echo({ n })));
return all.length;";
const TEN_IN_A_ROW: &str = "import { bench } from 'mcp-servers';
let n = 0;
for (let i = 0; i < 10; i++) n = (await bench.echo({ n: i })).n;
return n;";
const TEXT_REPLY: &str =
    "import { bench } from 'mcp-servers';\nreturn (await bench.text({ mib: 10 })).length;";
const ROWS_REPLY: &str =
    "import { bench } from 'mcp-servers';\nreturn (await bench.rows({ mib: 10 })).rows.length;";
const LARGEST_REPLY: &str =
    "import { bench } from 'mcp-servers';\nreturn (await bench.text({ mib: 60 })).length;";

const PYTHON_NO_CALL: &str = "6 * 7";
const PYTHON_ONE_CALL: &str = "from mcp_servers import bench\nbench.echo(n=1)";
const BASH_NO_CALL: &str = "echo $((6 * 7))";
const BASH_ONE_CALL: &str = "mcp call bench.echo n:=1";
const RUST_NO_CALL: &str = "fn main() { println!(\"{}\", 6 * 7); }";
const RUST_ONE_CALL: &str = "use mcp_servers::bench;
fn main() -> mcp_runtime::Result<mcp_runtime::Value> {
    mcp_runtime::call(\"bench\", \"echo\", mcp_runtime::json!({ \"n\": 1 }))
}
// ";

/// Programs that are compiled to measure that.
const COMPILED: usize = 11;

/// Between two programs under node, and how many are run at most.
const THINKING: Duration = Duration::from_millis(300);
const NODE_RUNS: usize = 40;

const PYTHON_WRITES: &str = "open('note.txt', 'w').write('kept')";

pub(crate) fn bench(args: &BenchArgs) -> Result<Exit, CliError> {
    let runs = args.runs as usize;
    let figures = match &args.check {
        Some(tools) => block_on(check::measure(tools, runs))??,
        None => block_on(measure(runs))??,
    };
    if args.json {
        print(&serde_json::to_string_pretty(&json!({ "figures": figures })).unwrap_or_default())?;
    } else {
        print(figure::table(&figures).trim_end())?;
    }
    Ok(if figures.iter().any(Figure::misses) { Exit::Failed } else { Exit::Success })
}

/// What every part of the measurement needs.
struct Bench<'a> {
    settings: Settings,
    global: Global,
    folder: &'a Path,
    runs: usize,
}

impl Bench<'_> {
    async fn scene(&self, pool: PoolConfig, others: (usize, usize)) -> Result<Scene, CliError> {
        Scene::new(&self.settings, &self.global, self.folder, pool, others).await
    }
}

async fn measure(runs: usize) -> Result<Vec<Figure>, CliError> {
    // Removed with everything in it when the measurement ends, well or not.
    let temporary = tempfile::Builder::new().prefix("terraphim-bench-").tempdir();
    let temporary =
        temporary.map_err(|source| CliError::Process { action: "make a temporary folder", source })?;
    let folder = temporary.path();
    let global = Global { workspace: Some(folder.join("workspace")), ..Global::default() };
    let settings = Settings::read(&global)?;
    let bench = Bench { settings, global, folder, runs };
    complain("measuring; other work on this machine makes the figures worse");
    let scene = bench.scene(PoolConfig::default(), (0, 0)).await?;
    scene.times(NO_CALL, 20).await?;
    scene.times(HUNDRED_CALLS, 5).await?;
    let mut figures = warm_runs(&scene, runs).await?;
    figures.extend(memory(&scene).await);
    figures.extend(long_replies(&scene).await?);
    figures.push(thousand(&scene).await?);
    figures.extend(python(&scene, runs).await?);
    figures.extend(bash(&scene, runs).await?);
    figures.extend(rust(&scene, runs).await?);
    figures.extend(node(&scene, runs).await?);
    let one_call = [
        ONE_CALL.into(),
        Code::of(Language::Python, PYTHON_ONE_CALL),
        Code::of(Language::Bash, BASH_ONE_CALL),
        Code::of(Language::Rust, RUST_ONE_CALL),
        Code::of(Language::Node, ONE_CALL),
    ];
    figures.extend(mixed::thousand(&scene, &one_call).await?);
    scene.gateway.shutdown().await;
    let no_call =
        [NO_CALL.into(), Code::of(Language::Python, PYTHON_NO_CALL), Code::of(Language::Bash, BASH_NO_CALL)];
    figures.extend(mixed::full_workspace(&bench, &no_call).await?);
    figures.push(place_of_a_killed_run(&bench).await?);
    figures.push(many_tools(&bench).await?);
    figures.push(three_modules(&bench).await?);
    let cold = scene::cold_starts(&bench.settings.executable, folder)?;
    figures.push(Figure::of(
        "cold start to the first result, warm index",
        "ms",
        &cold,
        Promise::AtMost(60.0),
    ));
    Ok(figures)
}

async fn warm_runs(scene: &Scene, runs: usize) -> Result<Vec<Figure>, CliError> {
    let plain_one = median(&scene.plain_client("echo", ("n", &|n| n), 1, runs).await?);
    let plain_hundred = median(&scene.plain_client("echo", ("n", &|n| n), 100, runs).await?);
    let none = scene.times(NO_CALL, runs).await?;
    let one = scene.times(ONE_CALL, runs).await?;
    let ten = scene.times(TEN_IN_A_ROW, runs).await?;
    let hundred = scene.times(HUNDRED_CALLS, runs).await?;
    let added = (median(&ten) - median(&one)) / 9.0 - plain_one;
    let spread = percentile(&none, 0.99) / median(&none);
    let rate = scene.rate(ONE_CALL, runs * 5, 16).await?;
    let looked_at = ("looking at 60 lines of TypeScript", 2.0);
    Ok(vec![
        validation::cost(scene, Language::TypeScript, runs, looked_at).await?,
        Figure::of("run without a call", "ms", &none, Promise::AtMost(0.6)),
        Figure::of("run with one call", "ms", &one, Promise::AtMost(1.0)).beside(plain_one),
        Figure::of("added per call", "ms", &[added], Promise::AtMost(0.1)),
        Figure::of("run with 100 concurrent calls", "ms", &hundred, Promise::AtMost(3.0))
            .beside(plain_hundred),
        Figure::of("p99 of a run without a call, in its p50", "x", &[spread], Promise::AtMost(5.0)),
        Figure::of("runs per second at concurrency 16", "1/s", &[rate], Promise::AtLeast(1500.0)),
    ])
}

/// Runs of the machine's own Python; none are measured where there is none.
async fn python(scene: &Scene, runs: usize) -> Result<Vec<Figure>, CliError> {
    if let Err(error) = scene.pool.warm_up(Language::Python).await {
        complain(&format!("Python is not measured: {error}"));
        return Ok(Vec::new());
    }
    scene.times(Code::of(Language::Python, PYTHON_ONE_CALL), 20).await?;
    let mut figures = Vec::new();
    for (name, code, promise) in [
        ("Python run without a call", PYTHON_NO_CALL, Promise::None),
        ("Python run with one call", PYTHON_ONE_CALL, Promise::AtMost(5.0)),
        ("Python run that writes a file", PYTHON_WRITES, Promise::None),
    ] {
        let times = scene.times(Code::of(Language::Python, code), runs).await?;
        figures.push(Figure::of(name, "ms", &times, promise));
    }
    let looked_at = ("looking at 60 lines of Python", 2.0);
    figures.push(validation::cost(scene, Language::Python, runs, looked_at).await?);
    Ok(figures)
}

/// Runs of the machine's own Bash; none are measured where there is none.
async fn bash(scene: &Scene, runs: usize) -> Result<Vec<Figure>, CliError> {
    if let Err(error) = scene.pool.warm_up(Language::Bash).await {
        complain(&format!("Bash is not measured: {error}"));
        return Ok(Vec::new());
    }
    scene.times(Code::of(Language::Bash, BASH_ONE_CALL), 20).await?;
    let mut figures = Vec::new();
    for (name, code, promise) in [
        ("Bash run without a call", BASH_NO_CALL, Promise::None),
        ("Bash run with one call", BASH_ONE_CALL, Promise::AtMost(8.0)),
    ] {
        let times = scene.times(Code::of(Language::Bash, code), runs).await?;
        figures.push(Figure::of(name, "ms", &times, promise));
    }
    let looked_at = ("looking at 60 lines of Bash", 5.0);
    figures.push(validation::cost(scene, Language::Bash, runs, looked_at).await?);
    Ok(figures)
}

/// Runs of the machine's own Rust; none are measured where there is none.
async fn rust(scene: &Scene, runs: usize) -> Result<Vec<Figure>, CliError> {
    if let Err(error) = scene.pool.warm_up(Language::Rust).await {
        complain(&format!("Rust is not measured: {error}"));
        return Ok(Vec::new());
    }
    scene.times(Code::of(Language::Rust, RUST_ONE_CALL), 20).await?;
    let mut compiled = Vec::new();
    for number in 0..COMPILED {
        // A text that was not compiled before.
        compiled.push(scene.run(Code::of(Language::Rust, &format!("{RUST_ONE_CALL}{number}"))).await?);
    }
    let mut figures = vec![Figure::of("Rust compile and run", "ms", &compiled, Promise::AtMost(300.0))];
    scene.run(Code::of(Language::Rust, RUST_NO_CALL)).await?;
    for (name, code, promise) in [
        ("Rust run without a call", RUST_NO_CALL, Promise::None),
        ("Rust run with one call", RUST_ONE_CALL, Promise::AtMost(5.0)),
    ] {
        let times = scene.times(Code::of(Language::Rust, code), runs).await?;
        figures.push(Figure::of(name, "ms", &times, promise));
    }
    Ok(figures)
}

/// Runs of the machine's own node; none are measured where there is none. A
/// process of it is made ready in the time that somebody thinks between two
/// programs; without that time a run waits for one to begin.
async fn node(scene: &Scene, runs: usize) -> Result<Vec<Figure>, CliError> {
    if let Err(error) = scene.pool.warm_up(Language::Node).await {
        complain(&format!("node is not measured: {error}"));
        return Ok(Vec::new());
    }
    let mut figures = Vec::new();
    for (name, code, promise) in [
        ("node run without a call", NO_CALL, Promise::None),
        ("node run with one call", ONE_CALL, Promise::AtMost(10.0)),
    ] {
        let mut times = Vec::new();
        for _ in 0..runs.min(NODE_RUNS) {
            tokio::time::sleep(THINKING).await;
            times.push(scene.run(Code::of(Language::Node, code)).await?);
        }
        figures.push(Figure::of(name, "ms", &times, promise));
    }
    let times = scene.times(Code::of(Language::Node, ONE_CALL), runs.min(NODE_RUNS)).await?;
    figures.push(Figure::of("node run with one call, one after the other", "ms", &times, Promise::None));
    Ok(figures)
}

async fn memory(scene: &Scene) -> Vec<Figure> {
    let mut figures = vec![Figure::of(
        "resident memory of the host",
        "MiB",
        &[scene::resident("self")],
        Promise::AtMost(40.0),
    )];
    if let Some(jail) = scene.pool.jail_pid().await {
        let (zygote, waiting) = scene::guests_of(jail);
        for (name, pid, promise) in [
            ("resident memory of an idle guest", waiting, Promise::AtMost(4.0)),
            ("resident memory of the zygote", zygote, Promise::None),
        ] {
            let memory = pid.map_or(f64::NAN, |pid| scene::resident(&pid.to_string()));
            figures.push(Figure::of(name, "MiB", &[memory], promise));
        }
    }
    figures
}

async fn long_replies(scene: &Scene) -> Result<Vec<Figure>, CliError> {
    const ROUNDS: usize = 11;
    let mut figures = Vec::new();
    for (name, tool, program) in
        [("reply of 10 MiB of text", "text", TEXT_REPLY), ("reply of 10 MiB of rows", "rows", ROWS_REPLY)]
    {
        let plain = median(&scene.plain_client(tool, ("mib", &|_| 10), 1, ROUNDS).await?);
        let times = scene.times(program, ROUNDS).await?;
        // What the program's side adds to the upstream's own time.
        let added: Vec<f64> = times.iter().map(|time| time - plain).collect();
        figures.push(Figure::of(name, "ms", &added, Promise::AtMost(40.0)).beside(plain));
    }
    scene::reset_peak();
    let before = scene::resident("self");
    scene.run(LARGEST_REPLY).await?;
    let peak = scene::peak_resident() - before;
    figures.push(Figure::of("host memory for a reply of 60 MiB", "MiB", &[peak], Promise::AtMost(512.0)));
    Ok(figures)
}

/// Seconds for 1,000 runs that are asked for at once.
async fn thousand(scene: &Scene) -> Result<Figure, CliError> {
    let began = Instant::now();
    for run in join_all((0..1000).map(|_| scene.run(ONE_CALL))).await {
        run?;
    }
    let seconds = began.elapsed().as_secs_f64();
    Ok(Figure::of("1,000 runs at once", "s", &[seconds], Promise::AtMost(30.0)))
}

/// From the cancellation of a run that holds the only place to the result of
/// the run that waited for it.
async fn place_of_a_killed_run(bench: &Bench<'_>) -> Result<Figure, CliError> {
    let one_place = PoolConfig { capacity: 1, ..PoolConfig::default() };
    let scene = bench.scene(one_place, (0, 0)).await?;
    let mut times = Vec::new();
    for _ in 0..bench.runs.min(100) {
        let (kill, never) = (CancellationToken::new(), CancellationToken::new());
        let endless = scene.start(ENDLESS, &kill);
        let next = async {
            while scene.pool.waiting() == 0 {
                tokio::task::yield_now().await;
            }
            let began = Instant::now();
            kill.cancel();
            began
        };
        let waiting = async {
            while scene.pool.free() > 0 {
                tokio::task::yield_now().await;
            }
            let run = scene.start(NO_CALL, &never).await?;
            Ok::<_, CliError>((run, Instant::now()))
        };
        let (killed, began, ended) = tokio::join!(endless, next, waiting);
        let (next, ended) = ended?;
        if killed?.outcome.error.is_none() || next.outcome.error.is_some() {
            return Err(failed("a killed run or the one after it ended otherwise".into()));
        }
        times.push(milliseconds(ended.duration_since(began)));
    }
    scene.gateway.shutdown().await;
    Ok(Figure::of("kill of a run to the next one's result", "ms", &times, Promise::AtMost(10.0)))
}

/// A run with one call among 10,000 connected tools, in the time of one among 10.
/// What a run pays for the modules of three servers with 40 tools each, of which it calls none.
async fn three_modules(bench: &Bench<'_>) -> Result<Figure, CliError> {
    let scene = bench.scene(PoolConfig::default(), (3, 40)).await?;
    scene.times(THREE_IMPORTS, 20).await?;
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for _ in 0..bench.runs {
        with.push(scene.run(THREE_IMPORTS).await?);
        without.push(scene.run(NO_CALL).await?);
    }
    scene.gateway.shutdown().await;
    let cost = median(&with) - median(&without);
    Ok(Figure::of("modules of 3 servers with 40 tools each", "ms", &[cost], Promise::AtMost(0.2)))
}

async fn many_tools(bench: &Bench<'_>) -> Result<Figure, CliError> {
    let few = bench.scene(PoolConfig::default(), (1, 10)).await?;
    let many = bench.scene(PoolConfig::default(), (20, 500)).await?;
    few.times(ONE_CALL, 20).await?;
    many.times(ONE_CALL, 20).await?;
    let (mut with_few, mut with_many) = (Vec::new(), Vec::new());
    // In turns, so that what else the machine does meets both.
    for _ in 0..bench.runs {
        with_few.push(few.run(ONE_CALL).await?);
        with_many.push(many.run(ONE_CALL).await?);
    }
    few.gateway.shutdown().await;
    many.gateway.shutdown().await;
    let ratio = median(&with_many) / median(&with_few);
    Ok(Figure::of("run among 10,000 tools, in one among 10", "x", &[ratio], Promise::AtMost(1.1)))
}
