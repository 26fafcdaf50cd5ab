//! One test's surroundings: a folder, a home and a configuration of its own,
//! and a watch over every process that is started in it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use serde_json::{Map, Value, json};

use super::{
    expect::{Fault, Verdict, at, unexpected},
    kit::Kit,
    processes::Watch,
};
use crate::{
    error::Error,
    process::{self, Ended},
};

/// How long one command of a test may take.
const DEADLINE: Duration = Duration::from_secs(150);

/// A test's surroundings; removed when dropped.
pub(super) struct Scene<'k> {
    pub(super) kit: &'k Kit,
    folder: PathBuf,
    tag: String,
}

/// A program that has run, with the whole outcome.
#[derive(Debug)]
pub(super) struct Ran {
    /// The command's exit code.
    pub(super) code: Option<i32>,
    /// The outcome as the command line prints it.
    pub(super) outcome: Value,
}

impl Ran {
    /// The result of a program that is to succeed.
    pub(super) fn result(&self) -> Result<&Value, Fault> {
        if self.code == Some(0) && at(&self.outcome, "/error").is_null() {
            return Ok(at(&self.outcome, "/result"));
        }
        Err(unexpected("the program's end", "exit code 0", self.shown()))
    }

    /// The error of a program that is to fail with a kind of error.
    pub(super) fn error(&self, code: i32, kind: &str) -> Result<&Value, Fault> {
        let error = at(&self.outcome, "/error");
        if self.code == Some(code) && at(error, "/kind") == kind {
            return Ok(error);
        }
        Err(unexpected(
            "the program's end",
            format!("exit code {code}, an error of kind {kind}"),
            self.shown(),
        ))
    }

    fn shown(&self) -> String {
        let mut outcome = self.outcome.clone();
        if let Some(fields) = outcome.as_object_mut() {
            fields.remove("tokens");
        }
        format!("exit code {:?}\n{outcome:#}", self.code)
    }
}

impl<'k> Scene<'k> {
    /// Makes the folders of a scene.
    pub(super) fn new(kit: &'k Kit, name: &str) -> Result<Self, Fault> {
        let tag = format!("terraphim-interop-{}-{name}", std::process::id());
        let folder = std::env::temp_dir().join(&tag);
        let scene = Self { kit, folder, tag };
        for part in ["home", "tmp", "files"] {
            let path = scene.path(part);
            fs::create_dir_all(&path).map_err(Error::io(format!("make {}", path.display())))?;
        }
        scene.servers(&[])?;
        Ok(scene)
    }

    /// A path in the scene's folder.
    pub(super) fn path(&self, relative: &str) -> PathBuf {
        self.folder.join(relative)
    }

    /// Where programs and images are kept.
    pub(super) fn workspace(&self) -> PathBuf {
        self.path("workspace")
    }

    /// Writes a file of the scene; gives its path.
    pub(super) fn write(&self, relative: &str, text: &str) -> Result<PathBuf, Fault> {
        let path = self.path(relative);
        fs::write(&path, text).map_err(Error::io(format!("write {}", path.display())))?;
        Ok(path)
    }

    /// Reads a file of the scene.
    pub(super) fn read(&self, relative: &str) -> Result<Vec<u8>, Fault> {
        let path = self.path(relative);
        Ok(fs::read(&path).map_err(Error::io(format!("read {}", path.display())))?)
    }

    /// Writes the configuration of servers.
    pub(super) fn servers(&self, servers: &[(&str, Value)]) -> Verdict {
        let entries: Map<_, _> =
            servers.iter().map(|(name, entry)| ((*name).to_owned(), entry.clone())).collect();
        self.write(".mcp.json", &json!({ "mcpServers": entries }).to_string()).map(drop)
    }

    /// Runs a program of an agent.
    pub(super) fn program(&self, code: &str, options: &[&str]) -> Result<Ran, Fault> {
        let file = self.write("program.ts", code)?;
        let mut command = self.terraphim("run");
        command.arg(file).arg("--json").args(options);
        self.ran(&mut command)
    }

    /// Runs a Python program with the libraries that are installed here.
    pub(super) fn python(&self, code: &str, options: &[&str]) -> Result<Ran, Fault> {
        let file = self.write("program.py", code)?;
        let outer = std::env::var_os("PATH").unwrap_or_default();
        let first = [self.kit.python_commands().to_owned()];
        let path = std::env::join_paths(first.into_iter().chain(std::env::split_paths(&outer)))
            .map_err(|error| unexpected("the search path", "one", error))?;
        let mut command = self.terraphim("run");
        command.arg(file).arg("--json").args(options).env("PATH", path);
        self.ran(&mut command)
    }

    fn ran(&self, command: &mut Command) -> Result<Ran, Fault> {
        let ended = self.end(command)?;
        let outcome = serde_json::from_str(&ended.stdout)
            .map_err(|error| unexpected("the outcome", "JSON", format!("{error}\n{}", shown(&ended))))?;
        Ok(Ran { code: ended.code, outcome })
    }

    /// Runs a command of our binary that has to end well; gives its standard output.
    pub(super) fn output(&self, words: &[&str]) -> Result<String, Fault> {
        let mut command = Command::new(&self.kit.binary);
        command.args(words).args(self.options());
        self.succeed(&mut command)
    }

    /// Runs a command of our binary; gives its standard output, however it ends.
    pub(super) fn printed(&self, words: &[&str]) -> Result<String, Fault> {
        let mut command = Command::new(&self.kit.binary);
        command.args(words).args(self.options());
        Ok(self.end(&mut command)?.stdout)
    }

    /// Runs a command that has to end well; gives its standard output.
    pub(super) fn succeed(&self, command: &mut Command) -> Result<String, Fault> {
        let ended = self.end(command)?;
        if ended.code == Some(0) {
            return Ok(ended.stdout);
        }
        Err(unexpected(&format!("`{}`", process::line(command)), "exit code 0", shown(&ended)))
    }

    /// A command that has to end well and print one JSON value.
    pub(super) fn json(&self, command: &mut Command) -> Result<Value, Fault> {
        let stdout = self.succeed(command)?;
        serde_json::from_str(&stdout)
            .map_err(|error| unexpected("the standard output", "JSON", format!("{error}\n{stdout}")))
    }

    /// Our binary with a subcommand and the scene's options.
    fn terraphim(&self, subcommand: &str) -> Command {
        let mut command = Command::new(&self.kit.binary);
        command.arg(subcommand).args(self.options());
        command
    }

    /// The words that start our binary as a server, for a client.
    pub(super) fn server_words(&self) -> Vec<PathBuf> {
        let words = [self.kit.binary.clone(), PathBuf::from("mcp")];
        words.into_iter().chain(self.options()).collect()
    }

    fn options(&self) -> [PathBuf; 4] {
        let option = |name: &str| PathBuf::from(name);
        [option("--mcp-config"), self.path(".mcp.json"), option("--workspace"), self.workspace()]
    }

    /// Runs a command in a session of its own and with nothing of the outer
    /// environment but the search path. No process of it may outlive it.
    fn end(&self, command: &mut Command) -> Result<Ended, Fault> {
        let mut session = Command::new("setsid");
        session.arg(command.get_program()).args(command.get_args());
        self.surround(&mut session);
        session.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let mut watch = Watch::new(&self.tag);
        let ended = process::capture_watched(&mut session, DEADLINE, &mut |id| watch.observe(id));
        let gone = watch.all_gone();
        let ended = ended?;
        gone?;
        Ok(ended)
    }

    fn surround(&self, command: &mut Command) {
        let path = std::env::var_os("PATH").unwrap_or_default();
        command.env_clear().env("PATH", path).env("LANG", "C.UTF-8").env("TERRAPHIM_INTEROP", &self.tag);
        command.env("HOME", self.path("home")).env("TMPDIR", self.path("tmp")).current_dir(&self.folder);
        for kind in ["CACHE", "CONFIG", "DATA", "STATE"] {
            let folder = self.path("home").join(format!(".{}", kind.to_ascii_lowercase()));
            command.env(format!("XDG_{kind}_HOME"), folder);
        }
    }
}

impl Drop for Scene<'_> {
    fn drop(&mut self) {
        // What cannot be removed is left to the machine's own cleaning of its temporary folder.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A path as a literal of a program.
pub(super) fn literal(path: &Path) -> String {
    json!(path).to_string()
}

fn shown(ended: &Ended) -> String {
    format!(
        "exit code {:?} after {:.1} s\n{}\n{}",
        ended.code,
        ended.elapsed.as_secs_f64(),
        ended.stdout,
        ended.stderr
    )
}
