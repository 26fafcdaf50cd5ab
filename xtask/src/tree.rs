//! The workspace's folders, its Rust files, and what cargo knows about it.

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use serde_json::Value;

use crate::{
    error::Error,
    process::{self, Ended},
};

/// The workspace's folder.
pub(crate) fn root() -> &'static Path {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own)
}

/// The cargo that runs this program, in the workspace's folder.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// A Rust file of the workspace.
#[derive(Debug, Clone)]
pub(crate) struct RustFile {
    /// Relative to the workspace, with `/` between its parts.
    pub(crate) path: String,
    /// What stands in it.
    pub(crate) text: String,
}

/// Every Rust file of the workspace's packages and of the fuzz targets, sorted by path.
pub(crate) fn rust_files() -> Result<Vec<RustFile>, Error> {
    let mut files = Vec::new();
    for folder in ["crates", "fuzz", "xtask"] {
        collect(&root().join(folder), &mut files)?;
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

fn collect(folder: &Path, files: &mut Vec<RustFile>) -> Result<(), Error> {
    let reading = || Error::io(format!("read {}", folder.display()));
    for entry in fs::read_dir(folder).map_err(reading())? {
        let entry = entry.map_err(reading())?;
        let path = entry.path();
        let kind = entry.file_type().map_err(reading())?;
        let skipped = path.file_name() == Some(OsStr::new("target"));
        if kind.is_dir() && !skipped {
            collect(&path, files)?;
        } else if kind.is_file() && path.extension() == Some(OsStr::new("rs")) {
            let text = fs::read_to_string(&path).map_err(Error::io(format!("read {}", path.display())))?;
            files.push(RustFile { path: relative(&path), text });
        }
    }
    Ok(())
}

fn relative(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

/// A text file of the workspace.
pub(crate) fn read(path: &str) -> Result<String, Error> {
    fs::read_to_string(root().join(path)).map_err(Error::io(format!("read {path}")))
}

/// `cargo metadata` without the packages of others.
pub(crate) fn metadata() -> Result<Value, Error> {
    let mut command = cargo();
    command.args(["metadata", "--format-version", "1", "--no-deps"]);
    let ended = succeed(&mut command, Duration::from_secs(120))?;
    serde_json::from_str(&ended.stdout).map_err(|error| Error::Unreadable {
        what: "the answer of `cargo metadata`".into(),
        complaint: error.to_string(),
    })
}

/// Where cargo puts what it builds.
pub(crate) fn target_folder() -> Result<PathBuf, Error> {
    let metadata = metadata()?;
    let folder = metadata.get("target_directory").and_then(Value::as_str);
    folder.map(PathBuf::from).ok_or_else(|| Error::Unreadable {
        what: "the answer of `cargo metadata`".into(),
        complaint: "it names no target directory".into(),
    })
}

/// The target that cargo builds for by default.
pub(crate) fn host() -> Result<String, Error> {
    let mut rustc = Command::new("rustc");
    rustc.arg("-vV");
    let ended = succeed(&mut rustc, Duration::from_secs(60))?;
    let host = ended.stdout.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).ok_or_else(|| Error::Unreadable {
        what: "the answer of `rustc -vV`".into(),
        complaint: "it names no host".into(),
    })
}

/// Runs a command that has to end well.
pub(crate) fn succeed(command: &mut Command, deadline: Duration) -> Result<Ended, Error> {
    let ended = process::capture(command, deadline)?;
    if ended.code == Some(0) {
        return Ok(ended);
    }
    let output = format!("{}{}", ended.stdout, ended.stderr);
    Err(Error::Program { command: process::line(command), output })
}
