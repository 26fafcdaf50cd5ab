//! The machine's own node: where it really is, and the libraries it is made of.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    process::Stdio,
};

use serde::Deserialize;

use super::{ASK_DEADLINE, LIBRARIES, MAX_ANSWER, OWN, Runtime, Shown, find};
use crate::error::SandboxError;

/// Oldest node that programs may rely on.
const OLDEST: u32 = 18;

/// Where the packagers of some systems keep parts of node itself.
const PARTS: &str = "/usr/share/nodejs";

/// What the node asked prints. A shim of a version manager has become node itself by then.
const ASK: &str = "const { sharedObjects } = process.report.getReport();
process.stdout.write(JSON.stringify({
  executable: process.execPath,
  version: Number(process.versions.node.split('.')[0]),
  libraries: sharedObjects.filter((path) => path.startsWith('/')),
}))";

#[derive(Deserialize)]
struct About {
    executable: PathBuf,
    version: u32,
    libraries: Vec<PathBuf>,
}

impl Runtime {
    /// Asks the `node` of the search path where it really is. One that programs
    /// may have written, because it lies in `store`, is not executed.
    pub(crate) async fn node(search_path: &OsStr, store: &Path) -> Result<Self, SandboxError> {
        let missing = |reason: String| SandboxError::NoRuntime { language: "node", reason };
        let Some(found) = find("node", search_path) else {
            return Err(missing("`node` is not in the search path; install Node.js 18 or later".into()));
        };
        let store = store.canonicalize().unwrap_or_else(|_| store.to_owned());
        let written = |path: &Path| {
            path.starts_with(&store) || path.canonicalize().is_ok_and(|real| real.starts_with(&store))
        };
        let refused =
            |path: &Path| missing(format!("{} lies in the workspace, where programs write", path.display()));
        if written(&found) {
            return Err(refused(&found));
        }
        let about = ask(&found).await.map_err(missing)?;
        if about.version < OLDEST {
            let reason = format!(
                "`{}` is Node.js {}, and {OLDEST} is the oldest that works",
                found.display(),
                about.version
            );
            return Err(missing(reason));
        }
        let program = about.executable.canonicalize();
        let program = program.map_err(|error| missing(format!("{}: {error}", about.executable.display())))?;
        if let Some(path) = about.libraries.iter().chain([&program]).find(|path| written(path)) {
            return Err(refused(path));
        }
        if let Some(own) = OWN.iter().find(|own| program.starts_with(own)) {
            let reason =
                format!("{} lies below {own}, where runs have folders of their own", program.display());
            return Err(missing(reason));
        }
        let mut shown = Shown::default();
        shown.file(&program);
        // Those of the machine are shown as a whole.
        let is_own =
            |file: &&PathBuf| file.is_file() && !LIBRARIES.iter().any(|folder| file.starts_with(folder));
        about.libraries.iter().filter(is_own).for_each(|file| shown.file(file));
        shown.folder(Path::new(PARTS));
        Ok(Self { language: "node", shown: shown.setup(), program, toolchain: None, cache: None })
    }
}

/// What a node says of itself, or why it says nothing.
async fn ask(program: &Path) -> Result<About, String> {
    let name = program.display();
    let output = tokio::process::Command::new(program)
        .args(["-e", ASK])
        .env_remove("NODE_OPTIONS")
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(ASK_DEADLINE, output)
        .await
        .map_err(|_| format!("`{name}` does not say where it is"))?
        .map_err(|error| format!("`{name}` cannot be started: {error}; install Node.js 18 or later"))?;
    let said = output.stdout.get(..output.stdout.len().min(MAX_ANSWER));
    let about: Option<About> = said.and_then(|text| serde_json::from_slice(text).ok());
    about
        .filter(|_| output.status.success())
        .ok_or_else(|| format!("`{name}` does not say where it is; install Node.js 18 or later"))
}
