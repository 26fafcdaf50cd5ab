//! What is measured: an executor over this program's own small upstream, and a
//! plain client of the same upstream through the same gateway.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use serde_json::{Map, Value, json};
use terraphim_code_execution::{ExecuteRequest, Execution, Executor};
use terraphim_mcp_gateway::{CallContext, Gateway, McpConfig, parse_mcp_config};
use terraphim_sandbox::{Pool, PoolConfig};
use terraphim_types::{Language, ServerName, ToolName};
use tokio_util::sync::CancellationToken;

use crate::{cli::Global, compose, error::CliError, settings::Settings};

/// A program that is measured.
#[derive(Clone, Copy)]
pub(crate) struct Code<'c> {
    language: Language,
    text: &'c str,
}

impl<'c> From<&'c str> for Code<'c> {
    fn from(text: &'c str) -> Self {
        Self { language: Language::TypeScript, text }
    }
}

impl<'c> Code<'c> {
    pub(crate) fn language(&self) -> Language {
        self.language
    }

    pub(crate) fn of(language: Language, text: &'c str) -> Self {
        Self { language, text }
    }
}

/// An executor and its upstreams.
pub(crate) struct Scene {
    pub(crate) executor: Executor,
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) pool: Pool,
}

impl Scene {
    /// One server `bench`, and so many others with so many tools each, all of them started.
    pub(crate) async fn new(
        settings: &Settings,
        global: &Global,
        folder: &Path,
        pool: PoolConfig,
        others: (usize, usize),
    ) -> Result<Self, CliError> {
        let mut settings = settings.clone();
        settings.mcp = upstreams(&settings.executable, folder, others)?;
        settings.notes = Default::default();
        settings.folders.cache = None;
        settings.folders.data = Some(folder.join("data"));
        let pool = Pool::with_runtimes(pool, settings.runtimes(global)?);
        let gateway = compose::gateway(&settings)?;
        let executor = compose::executor(&settings, global, pool.clone(), gateway.clone())?;
        let servers: Vec<ServerName> = gateway.server_names().cloned().collect();
        for server in servers {
            gateway.tools(&server).await?;
        }
        Ok(Self { executor, gateway, pool })
    }

    /// Runs a program in a task of its own, as the MCP face does; how long it took, in milliseconds.
    pub(crate) async fn run(&self, code: impl Into<Code<'_>>) -> Result<f64, CliError> {
        let began = Instant::now();
        let execution = self.start(code, &CancellationToken::new()).await?;
        match execution.outcome.error {
            None => Ok(milliseconds(began.elapsed())),
            Some(error) => Err(failed(error.render("bench"))),
        }
    }

    /// Runs a program however it ends.
    pub(crate) async fn start(
        &self,
        code: impl Into<Code<'_>>,
        cancel: &CancellationToken,
    ) -> Result<Execution, CliError> {
        let Code { language, text } = code.into();
        let request = ExecuteRequest::new(text, language);
        let (executor, cancel) = (self.executor.clone(), cancel.clone());
        let run = tokio::spawn(async move { executor.execute(request, &cancel).await });
        run.await.map_err(|error| failed(error.to_string()))
    }

    /// Runs a program so many times; milliseconds of each.
    pub(crate) async fn times(&self, code: impl Into<Code<'_>>, runs: usize) -> Result<Vec<f64>, CliError> {
        let code = code.into();
        let mut times = Vec::with_capacity(runs);
        for _ in 0..runs {
            times.push(self.run(code).await?);
        }
        Ok(times)
    }

    /// Runs per second with so many under way.
    pub(crate) async fn rate(&self, code: &str, runs: usize, concurrency: usize) -> Result<f64, CliError> {
        let each = (runs / concurrency).max(10);
        let began = Instant::now();
        for lane in join_all((0..concurrency).map(|_| self.times(code, each))).await {
            lane?;
        }
        Ok((each * concurrency) as f64 / began.elapsed().as_secs_f64())
    }

    /// The same call so many times at once, made without a program; milliseconds of each round.
    pub(crate) async fn plain_client(
        &self,
        tool: &str,
        argument: (&str, &dyn Fn(usize) -> usize),
        calls: usize,
        rounds: usize,
    ) -> Result<Vec<f64>, CliError> {
        let name: ToolName = format!("bench.{tool}").parse().map_err(|error| failed(format!("{error}")))?;
        let mut times = Vec::new();
        for _ in 0..rounds {
            let began = Instant::now();
            let replies = join_all((0..calls).map(|n| {
                let arguments = Map::from_iter([(argument.0.to_owned(), Value::from(argument.1(n)))]);
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

pub(crate) fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

pub(crate) fn failed(message: String) -> CliError {
    CliError::Process { action: "measure", source: std::io::Error::other(message) }
}

/// This program as an upstream, under another name: an entry with its own name
/// is left out, which is right for a user's file.
fn upstreams(executable: &Path, folder: &Path, others: (usize, usize)) -> Result<McpConfig, CliError> {
    let link = folder.join("bench-server");
    if !link.exists() {
        std::os::unix::fs::symlink(executable, &link)
            .map_err(|source| CliError::Process { action: "link this program", source })?;
    }
    let own = ("bench".to_owned(), json!({ "command": link, "args": ["bench-upstream"] }));
    let further = (0..others.0).map(|number| {
        let args = ["bench-upstream".to_owned(), "--tools".to_owned(), others.1.to_string()];
        (format!("other{number}"), json!({ "command": link, "args": args }))
    });
    let servers: Map<_, _> = std::iter::once(own).chain(further).collect();
    let entry = json!({ "mcpServers": servers });
    Ok(parse_mcp_config(Path::new("bench"), &entry.to_string(), &|_| None)?)
}

/// A value of `/proc/PROCESS/status` that is in kB, in MiB.
fn status(process: &str, name: &str) -> f64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kib = line.and_then(|line| line.trim().split(' ').next()?.parse::<f64>().ok());
    kib.unwrap_or(f64::NAN) / 1024.0
}

/// Resident memory, in MiB.
pub(crate) fn resident(process: &str) -> f64 {
    status(process, "VmRSS:")
}

/// The most that was resident since the last reset, in MiB.
pub(crate) fn peak_resident() -> f64 {
    status("self", "VmHWM:")
}

/// Lets the peak begin anew; where the kernel does not, the peak is of the whole life.
pub(crate) fn reset_peak() {
    let _ = fs::write("/proc/self/clear_refs", "5");
}

/// The zygote and a process that waits for a program, below the process that
/// waits for the zygote. One that is just ending has no memory any more.
pub(crate) fn guests_of(jail: u32) -> (Option<u32>, Option<u32>) {
    let children = |pid: u32| {
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
        let pids = children.split_whitespace().filter_map(|pid| pid.parse::<u32>().ok());
        pids.filter(|pid| resident(&pid.to_string()).is_finite()).collect::<Vec<_>>()
    };
    let zygote = children(jail).first().copied();
    (zygote, zygote.and_then(|zygote| children(zygote).first().copied()))
}

/// Times whole processes that search a small folder of notes.
pub(crate) fn cold_starts(executable: &Path, folder: &Path) -> Result<Vec<f64>, CliError> {
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
