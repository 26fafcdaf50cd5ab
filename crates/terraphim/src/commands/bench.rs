//! `terraphim bench`: the promised figures, measured here, each beside a plain
//! client of the same upstream in the same process.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use serde::Serialize;
use serde_json::{Map, Value, json};
use terraphim_code_execution::{ExecuteRequest, Executor};
use terraphim_mcp_gateway::{CallContext, Gateway, McpConfig, parse_mcp_config};
use terraphim_sandbox::{Pool, PoolConfig};
use terraphim_types::{Language, ToolName};
use tokio_util::sync::CancellationToken;

use crate::{
    cli::{BenchArgs, Global},
    commands::{block_on, complain, print},
    compose,
    error::{CliError, Exit},
    settings::Settings,
};

const NO_CALL: &str = "return 1";
const ONE_CALL: &str = "import { bench } from 'mcp-servers';\nreturn (await bench.echo({ n: 1 })).n;";
const HUNDRED_CALLS: &str = "import { bench } from 'mcp-servers';
const all = await Promise.all(Array.from({ length: 100 }, (_, n) => bench.echo({ n })));
return all.length;";
const TEN_IN_A_ROW: &str = "import { bench } from 'mcp-servers';
let n = 0;
for (let i = 0; i < 10; i++) n = (await bench.echo({ n: i })).n;
return n;";

/// One measured figure.
#[derive(Debug, Serialize)]
struct Figure {
    name: &'static str,
    unit: &'static str,
    p50: f64,
    p99: f64,
    /// The promise, where there is one: `p50` is to be at most (for a rate, at least) this.
    #[serde(skip_serializing_if = "Option::is_none")]
    promise: Option<f64>,
    /// The same work by a plain client of the same upstream.
    #[serde(skip_serializing_if = "Option::is_none")]
    plain_client: Option<f64>,
}

impl Figure {
    fn holds(&self) -> Option<bool> {
        let promise = self.promise?;
        Some(if self.unit == "1/s" { self.p50 >= promise } else { self.p50 <= promise })
    }
}

pub(crate) fn bench(args: &BenchArgs) -> Result<Exit, CliError> {
    let figures = block_on(measure(args))??;
    if args.json {
        print(&serde_json::to_string_pretty(&json!({ "figures": figures })).unwrap_or_default())?;
    } else {
        print(render(&figures).trim_end())?;
    }
    Ok(if figures.iter().all(|figure| figure.holds() != Some(false)) { Exit::Success } else { Exit::Failed })
}

fn render(figures: &[Figure]) -> String {
    let mut text = format!("{:44} {:>9} {:>9} {:>9} {:>12}\n", "", "p50", "p99", "promise", "plain client");
    for figure in figures {
        let number = |value: Option<f64>| value.map(|value| format!("{value:.2}")).unwrap_or_default();
        let verdict = match figure.holds() {
            Some(true) => "ok",
            Some(false) => "MISSED",
            None => "",
        };
        text.push_str(&format!(
            "{:44} {:>9.2} {:>9.2} {:>9} {:>12} {:>4} {verdict}\n",
            figure.name,
            figure.p50,
            figure.p99,
            number(figure.promise),
            number(figure.plain_client),
            figure.unit,
        ));
    }
    text
}

struct Bench {
    executor: Executor,
    gateway: Arc<Gateway>,
    runs: usize,
}

async fn measure(args: &BenchArgs) -> Result<Vec<Figure>, CliError> {
    // Removed with everything in it when the measurement ends, well or not.
    let temporary = new_folder()?;
    let folder = temporary.path();
    let global = Global { workspace: Some(folder.join("workspace")), ..Global::default() };
    let mut settings = Settings::read(&global)?;
    settings.mcp = own_upstream(&settings.executable, folder)?;
    settings.notes = Default::default();
    settings.folders.cache = None;
    let pool = Pool::new(PoolConfig::default());
    let gateway = compose::gateway(&settings)?;
    let executor = compose::executor(&settings, &global, pool.clone(), gateway.clone())?;
    let bench = Bench { executor, gateway: gateway.clone(), runs: args.runs as usize };
    bench.times(NO_CALL, 20).await?;
    bench.times(HUNDRED_CALLS, 5).await?;

    complain("measuring; other work on this machine makes the figures worse");
    let plain_one = median(bench.plain_client(1).await?);
    let plain_hundred = median(bench.plain_client(100).await?);
    let none = bench.times(NO_CALL, bench.runs).await?;
    let one = bench.times(ONE_CALL, bench.runs).await?;
    let ten = bench.times(TEN_IN_A_ROW, bench.runs).await?;
    let hundred = bench.times(HUNDRED_CALLS, bench.runs).await?;
    let added = (median(ten.clone()) - median(one.clone())) / 9.0 - plain_one;
    let mut figures = vec![
        figure("run without a call", "ms", none, Some(0.6), None),
        figure("run with one call", "ms", one, Some(1.0), Some(plain_one)),
        figure("added per call", "ms", vec![added], Some(0.1), None),
        figure("run with 100 concurrent calls", "ms", hundred, Some(3.0), Some(plain_hundred)),
        figure("runs per second at concurrency 16", "1/s", vec![bench.rate(16).await?], Some(1500.0), None),
        figure("resident memory of the host", "MiB", vec![resident("self")], Some(40.0), None),
    ];
    if let Some(jail) = pool.jail_pid().await {
        let (zygote, waiting) = guests_of(jail);
        for (name, pid, promise) in [
            ("resident memory of an idle guest", waiting, Some(4.0)),
            ("resident memory of the zygote", zygote, None),
        ] {
            let memory = pid.map_or(f64::NAN, |pid| resident(&pid.to_string()));
            figures.push(figure(name, "MiB", vec![memory], promise, None));
        }
    }
    gateway.shutdown().await;
    let cold = cold_starts(&settings.executable, folder)?;
    figures.push(figure("cold start to the first result, warm index", "ms", cold, Some(60.0), None));
    Ok(figures)
}

fn figure(
    name: &'static str,
    unit: &'static str,
    mut values: Vec<f64>,
    promise: Option<f64>,
    plain_client: Option<f64>,
) -> Figure {
    values.sort_by(f64::total_cmp);
    let at = |share: f64| {
        let index = (values.len() as f64 * share) as usize;
        values.get(index.min(values.len().saturating_sub(1))).copied().unwrap_or(f64::NAN)
    };
    Figure { name, unit, p50: at(0.5), p99: at(0.99), promise, plain_client }
}

fn median(values: Vec<f64>) -> f64 {
    figure("", "", values, None, None).p50
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

impl Bench {
    async fn run(&self, code: &str) -> Result<(), CliError> {
        let request = ExecuteRequest::new(code, Language::TypeScript);
        let execution = self.executor.execute(request, &CancellationToken::new()).await;
        match execution.outcome.error {
            None => Ok(()),
            Some(error) => Err(failed(error.render("bench"))),
        }
    }

    async fn times(&self, code: &str, runs: usize) -> Result<Vec<f64>, CliError> {
        let mut times = Vec::with_capacity(runs);
        for _ in 0..runs {
            let began = Instant::now();
            self.run(code).await?;
            times.push(milliseconds(began.elapsed()));
        }
        Ok(times)
    }

    /// Runs per second with so many under way.
    async fn rate(&self, concurrency: usize) -> Result<f64, CliError> {
        let each = (self.runs * 5 / concurrency).max(10);
        let began = Instant::now();
        let lanes = join_all((0..concurrency).map(|_| async {
            let lane = Self { executor: self.executor.clone(), gateway: self.gateway.clone(), runs: each };
            let worked = tokio::spawn(async move { lane.times(ONE_CALL, each).await }).await;
            worked.map_err(|error| failed(error.to_string()))?
        }));
        for lane in lanes.await {
            lane?;
        }
        Ok((each * concurrency) as f64 / began.elapsed().as_secs_f64())
    }

    /// The calls of a program, made without one.
    async fn plain_client(&self, calls: usize) -> Result<Vec<f64>, CliError> {
        let name: ToolName = "bench.echo".parse().map_err(|error| failed(format!("{error}")))?;
        let mut times = Vec::new();
        for _ in 0..self.runs {
            let began = Instant::now();
            let replies = join_all((0..calls).map(|n| {
                let arguments = Map::from_iter([("n".to_owned(), Value::from(n))]);
                self.gateway.call(&name, arguments, CallContext::default())
            }));
            for reply in replies.await {
                reply?;
            }
            times.push(milliseconds(began.elapsed()));
        }
        Ok(times)
    }
}

fn failed(message: String) -> CliError {
    CliError::Process { action: "measure", source: std::io::Error::other(message) }
}

/// This program as an upstream, under another name: an entry with its own name
/// is left out, which is right for a user's file.
fn own_upstream(executable: &Path, folder: &Path) -> Result<McpConfig, CliError> {
    let link = folder.join("bench-server");
    std::os::unix::fs::symlink(executable, &link)
        .map_err(|source| CliError::Process { action: "link this program", source })?;
    let entry = json!({ "mcpServers": { "bench": { "command": link, "args": ["bench-upstream"] } } });
    Ok(parse_mcp_config(Path::new("bench"), &entry.to_string(), &|_| None)?)
}

/// A new folder for this measurement.
fn new_folder() -> Result<tempfile::TempDir, CliError> {
    let made = tempfile::Builder::new().prefix("terraphim-bench-").tempdir();
    made.map_err(|source| CliError::Process { action: "make a temporary folder", source })
}

/// Resident memory, in MiB.
fn resident(process: &str) -> f64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().split(' ').next()?.parse::<f64>().ok());
    kib.unwrap_or(f64::NAN) / 1024.0
}

/// The zygote and a process that waits for a program, below the process that
/// waits for the zygote. One that is just ending has no memory any more.
fn guests_of(jail: u32) -> (Option<u32>, Option<u32>) {
    let children = |pid: u32| {
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
        let pids = children.split_whitespace().filter_map(|pid| pid.parse::<u32>().ok());
        pids.filter(|pid| resident(&pid.to_string()).is_finite()).collect::<Vec<_>>()
    };
    let zygote = children(jail).first().copied();
    (zygote, zygote.and_then(|zygote| children(zygote).first().copied()))
}

/// Times whole processes that search a small folder of notes.
fn cold_starts(executable: &Path, folder: &Path) -> Result<Vec<f64>, CliError> {
    let wrote = write_notes(folder);
    wrote.map_err(|source| CliError::Process { action: "write notes", source })?;
    let mut times = Vec::new();
    for run in 0..21 {
        let began = Instant::now();
        let status = Command::new(executable)
            .args(["run", "program.ts", "--config", "terraphim.toml", "--workspace", "workspace"])
            .current_dir(folder)
            .env("XDG_CACHE_HOME", folder.join("cache"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::inherit())
            .status();
        let status = status.map_err(|source| CliError::Process { action: "start this program", source })?;
        if !status.success() {
            return Err(failed(format!("a run ended with {status}")));
        }
        // The first one builds the index.
        if run > 0 {
            times.push(milliseconds(began.elapsed()));
        }
    }
    Ok(times)
}

fn write_notes(folder: &Path) -> std::io::Result<()> {
    fs::create_dir_all(folder.join("notes"))?;
    for number in 0..40 {
        let text = format!("# Note {number}\n\nAbout rust async patterns, channels and number {number}.\n");
        fs::write(folder.join(format!("notes/{number}.md")), text)?;
    }
    let settings = "[[roles]]\nname = \"Bench\"\nshort_name = \"bench\"\nrelevance = \"bm25\"\nhaystacks = [{ path = \"notes\" }]\n";
    fs::write(folder.join("terraphim.toml"), settings)?;
    let program = "import { terraphim } from 'mcp-servers';\nreturn (await terraphim.search({ query: 'rust async' })).length;";
    fs::write(folder.join("program.ts"), program)
}
