//! Programs in Rust: compiled once, in a run of their own behind the same walls,
//! and kept by the hash of all that they are made of.

mod cache;
mod compiler;
mod diagnostics;
mod modules;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use terraphim_mcp_gateway::Gateway;
use terraphim_sandbox::{ClientId, Pool, Stage};
use terraphim_types::Limits;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use self::{
    cache::Cache,
    compiler::{Compiler, Crate, Kind, Text},
    modules::Texts,
};
use crate::outcome::{ErrorKind, RunError, sandbox_error, with_causes};

/// What the compiler and the program call the source.
const SOURCE: &str = "program.rs";

/// What a compiler may write, in bytes: the program and what it is linked from.
const WRITTEN_BYTES: u64 = 192 << 20;

/// Compilers at once: each takes a processor and more memory than a program may have.
const MOST_COMPILERS: usize = 4;

/// The compiler of a host, with its cache.
pub(crate) struct Rust {
    cache: Arc<Cache>,
    compilers: Semaphore,
    texts: Texts,
}

/// A program that can be run.
pub(crate) struct Compiled {
    pub(crate) stage: Stage,
    /// How long it took to find or to make it, without its libraries.
    pub(crate) took: Duration,
    /// CPU time of the compilers that this took.
    pub(crate) cpu: Duration,
    /// What whoever asked for the run should know.
    pub(crate) warnings: Vec<String>,
}

/// Whose program it is and what it may use.
pub(crate) struct Asked<'a> {
    pub(crate) pool: &'a Pool,
    pub(crate) gateway: &'a Arc<Gateway>,
    pub(crate) client: &'a ClientId,
    pub(crate) source: &'a str,
    pub(crate) limits: Limits,
    pub(crate) cancel: &'a CancellationToken,
}

impl Rust {
    /// With the cache of a pool; none if that has no folder for one.
    pub(crate) fn new(pool: &Pool) -> Option<Self> {
        pool.cache().map(|folder| Self {
            cache: Arc::new(Cache::new(folder.to_owned())),
            compilers: Semaphore::new(MOST_COMPILERS),
            texts: Texts::default(),
        })
    }

    /// Finds the program or makes it. Programs with the same text, compiler and
    /// modules are made once, also if they are asked for at the same moment.
    pub(crate) async fn compile(&self, asked: &Asked<'_>) -> Result<Compiled, RunError> {
        let toolchain = asked.pool.toolchain().await.map_err(|error| sandbox_error(&error))?;
        let mut compiler = Compiler::new(self, toolchain, asked);
        let modules = modules::resolve(asked, &self.texts).await?;
        let mut libraries = Vec::new();
        let mut externs = Vec::new();
        if modules.is_used {
            let runtime = modules::runtime();
            let made = compiler.named(&runtime);
            let of_servers: Vec<_> = modules.servers.iter().map(|module| module.library(&made)).collect();
            if modules.has_servers {
                let servers: Vec<_> = of_servers.iter().map(|library| compiler.named(library)).collect();
                let facade = modules.facade(&servers);
                externs.push(compiler.named(&facade));
                libraries.push((facade, None));
            }
            let servers = of_servers.into_iter().zip(modules.servers.iter().map(Some));
            libraries.extend(servers);
            libraries.push((runtime, None));
            externs.push(made);
        }
        let program = Crate {
            kind: Kind::Program,
            name: "program".into(),
            source: Text::new(asked.source),
            externs,
            known: modules.known.clone(),
        };
        if let Some(made) = compiler.known(&program).await? {
            return Ok(compiler.compiled(made, Duration::ZERO));
        }
        // Each is made of those behind it.
        for (library, module) in libraries.iter().rev() {
            let made = compiler.library(library).await;
            made.map_err(|error| module.map_or(error.clone(), |module| module.explain(error)))?;
        }
        let began = Instant::now();
        let made = compiler.program(&program).await?;
        let took = began.elapsed();
        Ok(compiler.compiled(made, took))
    }
}

impl Compiler<'_> {
    fn compiled(self, program: String, took: Duration) -> Compiled {
        Compiled { stage: Stage::Execute { program }, took, cpu: self.cpu, warnings: self.warnings }
    }
}

fn unkept(error: &std::io::Error) -> RunError {
    let message = format!("the compiled program could not be kept: {}", with_causes(error));
    match error.kind() {
        std::io::ErrorKind::FileTooLarge => {
            RunError::new(ErrorKind::Limit, message, "load data with a tool or from a file of the workspace")
        }
        _ => RunError::new(ErrorKind::Sandbox, message, ""),
    }
}
