//! A home, a project and servers for one test, and the binary run in them.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::{Duration, Instant},
};

use serde_json::{Map, Value, json};
use tempfile::TempDir;

use crate::watch::{self, Watched};

/// No command of a test may take longer than this, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long what a command started may outlive it.
const AFTERLIFE: Duration = Duration::from_secs(10);

/// Folders that nobody else uses; every process started in them carries their name.
pub(crate) struct Place {
    folder: TempDir,
}

/// A command that has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) out: String,
    pub(crate) err: String,
    /// From its start to its end.
    pub(crate) took: Duration,
}

/// A command that is under way.
pub(crate) struct Running {
    pub(crate) pid: u32,
    ended: Receiver<Ended>,
}

impl Place {
    /// A place without servers and without settings.
    pub(crate) fn new() -> Self {
        Self::with_servers(&[])
    }

    /// A place whose `.mcp.json` names the test upstream under these names, with these flags.
    pub(crate) fn with_servers(servers: &[(&str, &[&str])]) -> Self {
        let folder = tempfile::Builder::new().prefix("terraphim-test-").tempdir().expect("a folder");
        let place = Self { folder };
        for name in ["home", "project", "config", "cache", "data", "tmp"] {
            fs::create_dir(place.path(name)).expect("a folder");
        }
        let mut entries = Map::new();
        for (name, flags) in servers {
            entries.insert((*name).to_owned(), place.server(name, flags));
        }
        place.file(".mcp.json", json!({ "mcpServers": entries }).to_string());
        place
    }

    /// The entry of the test upstream; it keeps a journal under `name`.
    pub(crate) fn server(&self, name: &str, flags: &[&str]) -> Value {
        let command = terraphim_test_upstream::binary().expect("the test upstream");
        let journal = self.journal(name).display().to_string();
        let args = [&["--journal", &journal], flags].concat();
        json!({ "command": command, "args": args })
    }

    fn journal(&self, server: &str) -> PathBuf {
        self.path(&format!("{server}.journal"))
    }

    /// Waits until a server has received a tool call.
    pub(crate) fn called(&self, server: &str) {
        let journal = self.journal(server);
        watch::eventually("the server is called", || {
            fs::read_to_string(&journal).is_ok_and(|text| text.lines().any(|line| line == "tools/call"))
        });
    }

    /// A path in the place.
    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.folder.path().join(relative)
    }

    /// A path in the project, which every command starts in.
    pub(crate) fn project(&self, relative: &str) -> PathBuf {
        self.path("project").join(relative)
    }

    /// Writes a file of the project.
    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.project(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, content).expect("a file");
    }

    /// The workspace of runs that name none.
    pub(crate) fn workspace(&self) -> PathBuf {
        self.path("data/terraphim/workspace/default")
    }

    /// The binary, with nothing of the surroundings but `PATH`.
    pub(crate) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.path("home"))
            .env("XDG_CONFIG_HOME", self.path("config"))
            .env("XDG_CACHE_HOME", self.path("cache"))
            .env("XDG_DATA_HOME", self.path("data"))
            .env("TMPDIR", self.path("tmp"))
            .current_dir(self.path("project"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Starts `terraphim` with these arguments.
    pub(crate) fn start(&self, args: &[&str]) -> Running {
        Running::of(self.command(Path::new(BINARY)).args(args), "")
    }

    /// Runs `terraphim` with these arguments to its end; nothing may be left of it.
    pub(crate) fn terraphim(&self, args: &[&str]) -> Ended {
        self.finish(self.start(args))
    }

    /// The same with a text on standard input.
    pub(crate) fn terraphim_reading(&self, args: &[&str], input: &str) -> Ended {
        let mut command = self.command(Path::new(BINARY));
        self.finish(Running::of(command.args(args).stdin(Stdio::piped()), input))
    }

    /// Runs a command of this place to its end; nothing may be left of it.
    pub(crate) fn complete(&self, command: &mut Command) -> Ended {
        self.finish(Running::of(command, ""))
    }

    /// Runs a TypeScript program.
    pub(crate) fn run(&self, program: &str) -> Ended {
        self.run_with(program, &[])
    }

    /// Runs a TypeScript program with further arguments.
    pub(crate) fn run_with(&self, program: &str, args: &[&str]) -> Ended {
        self.file("program.ts", program);
        self.terraphim(&[&["run", "program.ts"], args].concat())
    }

    /// Whether the first program of a language has run; where it has not, that it ended with this
    /// code and says in one of these words what to do. The variable makes that a failure.
    fn has(ended: &Ended, language: &str, variable: &str, code: i32, told: &[&str]) -> bool {
        if ended.status.success() {
            return true;
        }
        assert!(std::env::var_os(variable).is_none(), "{}", ended.err);
        let err = ended.failure(code);
        let is_told = told.iter().chain(&["terraphim doctor"]).any(|words| err.contains(words));
        assert!(is_told, "what is missing is not told: {err}");
        println!("no program of the tests can run here, in {language}: {err}");
        false
    }

    /// Whether Python programs can run on this machine.
    pub(crate) fn has_python(&self) -> bool {
        let told = ["install Python 3.9 or later"];
        Self::has(&self.python("1", &[]), "Python", "TERRAPHIM_REQUIRE_PYTHON", 4, &told)
    }

    /// Whether Bash programs can run on this machine, with the `jq` that they use here.
    pub(crate) fn has_bash(&self) -> bool {
        let variable = "TERRAPHIM_REQUIRE_BASH";
        let run = |program: &str| {
            self.file("program.sh", program);
            self.terraphim(&["run", "program.sh"])
        };
        Self::has(&run("true"), "Bash", variable, 4, &["install Bash"])
            && Self::has(&run("type jq > /dev/null"), "Bash with jq", variable, 1, &["jq: not found"])
    }

    /// Runs a Python program with further arguments.
    pub(crate) fn python(&self, program: &str, args: &[&str]) -> Ended {
        self.file("program.py", program);
        self.terraphim(&[&["run", "program.py"], args].concat())
    }

    /// Whether Rust programs can run on this machine.
    pub(crate) fn has_rust(&self) -> bool {
        let told = ["install Rust 1.70 or later", "install gcc"];
        Self::has(&self.rust("fn main() {}", &[]), "Rust", "TERRAPHIM_REQUIRE_RUST", 4, &told)
    }

    /// Runs a Rust program with further arguments.
    pub(crate) fn rust(&self, program: &str, args: &[&str]) -> Ended {
        self.file("program.rs", program);
        self.terraphim(&[&["run", "program.rs"], args].concat())
    }

    /// Whether programs can run under node on this machine.
    pub(crate) fn has_node(&self) -> bool {
        let told = ["install Node.js 18 or later"];
        Self::has(&self.node("return 1", &[]), "node", "TERRAPHIM_REQUIRE_NODE", 4, &told)
    }

    /// Runs a TypeScript program under node with further arguments.
    pub(crate) fn node(&self, program: &str, args: &[&str]) -> Ended {
        self.file("program.ts", program);
        self.terraphim(&[&["run", "program.ts", "--language", "node"], args].concat())
    }

    /// Waits for the end of a command and of all that it started.
    pub(crate) fn finish(&self, running: Running) -> Ended {
        let ended = running.end();
        self.nothing_is_left();
        ended
    }

    /// Waits until no process has the place in its arguments or its environment.
    pub(crate) fn nothing_is_left(&self) {
        let name = self.folder.path().to_str().expect("a path in UTF-8");
        let deadline = Instant::now() + AFTERLIFE;
        loop {
            let left = watch::mentioning(name);
            if left.is_empty() {
                return;
            }
            gone(&left, deadline);
        }
    }

    /// A text with the place's own paths shortened to `<place>`.
    pub(crate) fn shortened(&self, text: &str) -> String {
        text.replace(self.folder.path().to_str().expect("a path in UTF-8"), "<place>")
    }
}

/// The program under test.
pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_terraphim");

/// Waits until these processes are gone.
pub(crate) fn all_gone(processes: &[Watched]) {
    gone(processes, Instant::now() + AFTERLIFE);
}

fn gone(processes: &[Watched], deadline: Instant) {
    for process in processes {
        assert!(process.is_gone_before(deadline), "it is still there: {process:?}");
    }
}

impl Running {
    fn of(command: &mut Command, input: &str) -> Self {
        let started = Instant::now();
        let mut child = command.spawn().expect("the command starts");
        let pid = child.id();
        if let Some(mut stdin) = child.stdin.take() {
            stdin.write_all(input.as_bytes()).expect("it reads its standard input");
        }
        let (sender, ended) = channel();
        thread::spawn(move || sender.send(Ended::of(child, started)));
        Self { pid, ended }
    }

    /// Waits for its end.
    pub(crate) fn end(self) -> Ended {
        self.ended.recv_timeout(PATIENCE).unwrap_or_else(|_| {
            watch::kill(self.pid);
            panic!("it did not end, or something that it started holds its output");
        })
    }
}

impl Ended {
    fn of(child: Child, started: Instant) -> Self {
        let Output { status, stdout, stderr } = child.wait_with_output().expect("its output");
        let text = |bytes| String::from_utf8(bytes).expect("output in UTF-8");
        Self { status, out: text(stdout), err: text(stderr), took: started.elapsed() }
    }

    /// Its standard output, for a command that must have succeeded.
    pub(crate) fn success(&self) -> &str {
        assert_eq!(self.status.code(), Some(0), "it failed: {}", self.err);
        &self.out
    }

    /// Its standard output as JSON, for a command that must have succeeded.
    pub(crate) fn json(&self) -> Value {
        parse(self.success())
    }

    /// Its standard error, for a command that must have ended with `code` and without a result.
    pub(crate) fn failure(&self, code: i32) -> &str {
        assert_eq!(self.status.code(), Some(code), "out: {}\nerr: {}", self.out, self.err);
        assert_eq!(self.out, "", "a failure has no result");
        &self.err
    }

    /// The outcome that `--json` prints, for a command that must have ended with `code`.
    pub(crate) fn outcome(&self, code: i32) -> Value {
        assert_eq!(self.status.code(), Some(code), "out: {}\nerr: {}", self.out, self.err);
        parse(&self.out)
    }
}

fn parse(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}
