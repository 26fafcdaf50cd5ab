//! One crate: looked up by its hash, or made by a run of the compiler.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    time::{Duration, Instant},
};

use terraphim_sandbox::{Call, Ending, HostCalls, HostReply, Program, RunEnd, Stage, Toolchain};
use terraphim_types::{Language, Limits};
use tokio::sync::Semaphore;

use super::{
    Asked, Rust, SOURCE, WRITTEN_BYTES,
    cache::{Cache, Kept, key},
    diagnostics::Said,
    unkept,
};
use crate::outcome::{ErrorKind, RunError, sandbox_error};

/// Memory of a compiler, in bytes: 300 lines need 190 MiB, 3,000 lines 500 MiB.
const MEMORY: u64 = 768 << 20;

/// In how many files a compiler may write.
const WRITTEN_FILES: u64 = 2_000;

/// What a compiler may say, in bytes.
const SAID_BYTES: usize = 16 << 20;

/// Least time that a compiler is given, so that its limit can be told.
const LEAST_WALL: Duration = Duration::from_millis(100);

/// Wall-clock and CPU time of one library, which is made once for many programs: if it were
/// a run's own, it would be begun in vain by each that has little.
const LIBRARY_WALL: Duration = Duration::from_secs(120);

/// Where a compiler sees the libraries.
const LIBRARIES: &str = "/cache";

/// What every crate is compiled with. What is printed about lints helps nobody.
const FLAGS: [&str; 6] = [
    SOURCE,
    "--edition=2021",
    "--error-format=json",
    "--cap-lints=allow",
    "-Cdebuginfo=0",
    "-Cembed-bitcode=no",
];

/// For programs, which run once: the time to compile counts more than that to run.
const PROGRAM_FLAGS: [&str; 4] = ["--crate-type=bin", "-Copt-level=0", "-Cstrip=symbols", "-oprogram"];

/// What a library's own source is called in a panic, so that its lines are not taken for the program's.
const OF_LIBRARY: &str = "--remap-path-prefix=program.rs=library.rs";

/// For libraries, which hold little more than types.
const LIBRARY_FLAGS: [&str; 3] = ["--crate-type=rlib", OF_LIBRARY, "-Copt-level=0"];

/// For the library in which values are read and written; made once for a compiler.
const RUNTIME_FLAGS: [&str; 3] = ["--crate-type=rlib", OF_LIBRARY, "-Copt-level=1"];

/// Characters of the hash in a library's name.
const NAME_CHARS: usize = 32;

/// What is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Program,
    Library,
    Runtime,
}

impl Kind {
    fn flags(self) -> &'static [&'static str] {
        match self {
            Self::Program => &PROGRAM_FLAGS,
            Self::Library => &LIBRARY_FLAGS,
            Self::Runtime => &RUNTIME_FLAGS,
        }
    }
}

/// A source with its hash: those of libraries are long, and asked for by every run.
#[derive(Debug, Clone)]
pub(super) struct Text {
    text: Arc<str>,
    hash: Arc<str>,
}

impl Text {
    pub(super) fn new(text: &str) -> Self {
        Self { text: text.into(), hash: key([text]).into() }
    }
}

/// A crate with all that it is made of.
#[derive(Debug, Clone)]
pub(super) struct Crate {
    pub(super) kind: Kind,
    pub(super) name: String,
    pub(super) source: Text,
    /// The libraries that it names.
    pub(super) externs: Vec<Library>,
    /// Names of modules that its author may have meant.
    pub(super) known: Vec<String>,
}

/// A library that is in the cache.
#[derive(Debug, Clone)]
pub(super) struct Library {
    name: String,
    /// The hash of all that it was made of, as hexadecimal text.
    key: String,
}

impl Library {
    /// What its file is called.
    fn file(&self) -> String {
        format!("lib{}-{}.rlib", self.name, short(&self.key))
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }
}

fn short(key: &str) -> &str {
    key.get(..NAME_CHARS).unwrap_or(key)
}

/// Makes the crates of one program.
pub(super) struct Compiler<'a> {
    cache: &'a Arc<Cache>,
    compilers: &'a Semaphore,
    toolchain: &'a Toolchain,
    asked: &'a Asked<'a>,
    /// When it began to make the program, whose time that takes.
    began: Option<Instant>,
    /// CPU time of its compilers.
    pub(super) cpu: Duration,
    pub(super) warnings: Vec<String>,
}

impl<'a> Compiler<'a> {
    pub(super) fn new(rust: &'a Rust, toolchain: &'a Toolchain, asked: &'a Asked<'a>) -> Self {
        let (cache, compilers) = (&rust.cache, &rust.compilers);
        Self { cache, compilers, toolchain, asked, began: None, cpu: Duration::ZERO, warnings: Vec::new() }
    }

    /// What the library that is made of this is called, whether it is there or not.
    pub(super) fn named(&self, of: &Crate) -> Library {
        Library { name: of.name.clone(), key: self.key(of) }
    }

    /// Makes a library that is not there.
    pub(super) async fn library(&mut self, of: &Crate) -> Result<(), RunError> {
        let library = self.named(of);
        let file = library.file();
        self.have(of, &library.key, &format!("lib/{file}"), &file).await
    }

    /// Where the program that is made of this was kept, if it is there.
    pub(super) async fn known(&mut self, of: &Crate) -> Result<Option<String>, RunError> {
        let name = format!("bin/{}", self.key(of));
        let is_whole = self.cache.is_known(&name) || self.look(&name).await? == Kept::Whole;
        Ok(is_whole.then_some(name))
    }

    /// The program that is made of this: where it is in the cache.
    pub(super) async fn program(&mut self, of: &Crate) -> Result<String, RunError> {
        self.began = Some(Instant::now());
        let key = self.key(of);
        let name = format!("bin/{key}");
        self.have(of, &key, &name, "program").await?;
        Ok(name)
    }

    fn key(&self, of: &Crate) -> String {
        let of_machine = std::iter::once(self.toolchain.about.as_str())
            .chain(self.toolchain.link_arguments.iter().map(String::as_str));
        let externs = of.externs.iter().flat_map(|library| [library.name.as_str(), library.key.as_str()]);
        let flags = FLAGS.iter().chain(of.kind.flags()).copied();
        key([of.name.as_str(), &of.source.hash].into_iter().chain(flags).chain(of_machine).chain(externs))
    }

    /// Makes what is not in the cache.
    async fn have(&mut self, of: &Crate, key: &str, name: &str, made: &str) -> Result<(), RunError> {
        if self.look(name).await? == Kept::Whole {
            return Ok(());
        }
        let turn = self.cache.turn(name);
        let left = self.left(of.kind);
        // Whoever has the turn is bounded by a limit of its own, which may be later.
        let _turn = tokio::time::timeout(left, turn.lock())
            .await
            .map_err(|_| RunError::new(ErrorKind::Limit, self.too_long(of.kind), "run it again"))?;
        if self.look(name).await? == Kept::Whole {
            return Ok(());
        }
        let end = self.compile(of, key).await?;
        self.cpu += end.usage.cpu;
        let written = match (end.ending, end.written) {
            (Ending::Result(json), Some(written)) => match serde_json::from_slice::<Said>(&json) {
                Ok(said) if said.code == 0 => written,
                Ok(said) => {
                    let known: Vec<&str> = of.known.iter().map(String::as_str).collect();
                    let failure = said.explain(&of.source.text, &known, MEMORY);
                    return Err(RunError::of_failure(failure, &of.source.text));
                }
                Err(error) => {
                    let message = format!("the compiler's run said what cannot be: {error}");
                    return Err(RunError::new(ErrorKind::Sandbox, message, ""));
                }
            },
            (ending, _) => return Err(self.ended(ending, of)),
        };
        let (cache, name, made) = (Arc::clone(self.cache), name.to_owned(), made.to_owned());
        let kept = tokio::task::spawn_blocking(move || cache.keep(&name, &written, &made)).await;
        kept.map_err(std::io::Error::other).flatten().map_err(|error| unkept(&error))
    }

    /// Whether it is there; one that was damaged is told about and gone.
    async fn look(&mut self, name: &str) -> Result<Kept, RunError> {
        let (cache, looked) = (Arc::clone(self.cache), name.to_owned());
        let kept = tokio::task::spawn_blocking(move || cache.look(&looked)).await;
        let kept = kept.map_err(std::io::Error::other).flatten().map_err(|error| unkept(&error))?;
        if kept == Kept::Damaged {
            tracing::warn!(name, "a compiled file was damaged");
            self.warnings.push(format!("what was kept as {name} was damaged, and is compiled anew"));
        }
        Ok(kept)
    }

    /// Time to make it: a program takes it from the run, a library has its own.
    fn left(&self, kind: Kind) -> Duration {
        if kind != Kind::Program {
            return LIBRARY_WALL;
        }
        let spent = self.began.map(|began| began.elapsed()).unwrap_or_default();
        self.asked.limits.wall.saturating_sub(spent).max(LEAST_WALL)
    }

    fn too_long(&self, kind: Kind) -> String {
        if kind != Kind::Program {
            let seconds = LIBRARY_WALL.as_secs_f64();
            return format!("compiling a library that the program names took longer than {seconds} s");
        }
        let seconds = self.asked.limits.wall.as_secs_f64();
        format!("compiling took longer than the {seconds} s that the run has")
    }

    /// A run of the compiler.
    async fn compile(&self, of: &Crate, key: &str) -> Result<RunEnd, RunError> {
        let asked = self.asked;
        let turn = tokio::time::timeout(self.left(of.kind), self.compilers.acquire()).await;
        // The semaphore is never closed.
        let _turn =
            turn.map_err(|_| RunError::new(ErrorKind::Limit, self.too_long(of.kind), "run it again"))?;
        let limits = Limits {
            wall: self.left(of.kind),
            cpu: if of.kind == Kind::Program { asked.limits.cpu } else { LIBRARY_WALL },
            memory_bytes: MEMORY.max(asked.limits.memory_bytes),
            workspace_bytes: WRITTEN_BYTES,
            workspace_files: WRITTEN_FILES,
            result_bytes: SAID_BYTES,
            ..asked.limits
        };
        let lease = asked.pool.checkout_for(asked.client, Language::Rust, limits, of.source.text.len()).await;
        let program = Program {
            source: of.source.text.to_string(),
            language: Language::Rust,
            folder: String::new(),
            stage: Some(Stage::Compile { folder: "lib".into(), arguments: self.arguments(of, key) }),
        };
        let lease = lease.map_err(|error| sandbox_error(&error))?;
        Ok(lease.run(program, Arc::new(NoCalls), asked.cancel, 0).await)
    }

    fn arguments(&self, of: &Crate, key: &str) -> Vec<String> {
        let mut arguments: Vec<String> =
            FLAGS.iter().chain(of.kind.flags()).map(|&flag| flag.to_owned()).collect();
        arguments.push(format!("--crate-name={}", of.name));
        match of.kind {
            Kind::Program => arguments.extend(self.toolchain.link_arguments.iter().cloned()),
            Kind::Library | Kind::Runtime => {
                arguments.push(format!("-Cmetadata={}", short(key)));
                arguments.push(format!("-Cextra-filename=-{}", short(key)));
            }
        }
        if !of.externs.is_empty() {
            arguments.push(format!("-Ldependency={LIBRARIES}"));
        }
        for library in &of.externs {
            arguments.push(format!("--extern={}={LIBRARIES}/{}", library.name, library.file()));
        }
        arguments
    }

    /// A run of the compiler that did not come to its own end.
    fn ended(&self, ending: Ending, of: &Crate) -> RunError {
        let hint = "nest types, macros and constants less, and load data with a tool or from a file";
        match ending {
            // With the time that was left, which says nothing to the program's author.
            Ending::Failed(failure) if failure.message.starts_with("compiling took longer") => {
                RunError::new(ErrorKind::Limit, self.too_long(of.kind), &failure.hint)
            }
            Ending::Failed(failure) => RunError::of_failure(failure, &of.source.text),
            Ending::Deadline => RunError::new(ErrorKind::Limit, self.too_long(of.kind), hint),
            Ending::Cpu => {
                let seconds = self.asked.limits.cpu.as_secs_f64();
                RunError::new(
                    ErrorKind::Limit,
                    format!("compiling used more than {seconds} s of CPU time"),
                    hint,
                )
            }
            Ending::Memory => {
                let message = format!("compiling used more than {} MiB of memory", MEMORY >> 20);
                RunError::new(ErrorKind::Limit, message, hint)
            }
            Ending::Cancelled => RunError::new(ErrorKind::Limit, "the run was cancelled", ""),
            other => {
                tracing::error!(ending = ?other, "a compiler's run was lost");
                RunError::new(ErrorKind::Sandbox, "the compiler's process was lost", "run it again")
            }
        }
    }
}

/// A compiler has nothing to ask.
struct NoCalls;

impl HostCalls for NoCalls {
    fn call(&self, _: Call) -> Pin<Box<dyn Future<Output = HostReply> + Send + '_>> {
        Box::pin(async { HostReply::default() })
    }
}
