//! Language runtimes of the machine: where they are, and what of the machine
//! their jail has to show.

use std::{
    collections::BTreeSet,
    ffi::OsStr,
    io,
    os::fd::OwnedFd,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use rustix::mount::OpenTreeFlags;
use serde::Deserialize;
use terraphim_sandbox_protocol::control::{BindKind, Setup};

mod rust;

pub use self::rust::Toolchain;
use crate::error::SandboxError;

mod checker;
mod node;

/// How long a runtime may take to say where it is.
const ASK_DEADLINE: Duration = Duration::from_secs(20);

/// Longest answer of a runtime, in bytes.
const MAX_ANSWER: usize = 64 << 10;

/// Where programs find their libraries on any Linux.
const LIBRARIES: [&str; 6] =
    ["/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache"];

const DEVICES: [&str; 3] = ["/dev/null", "/dev/urandom", "/dev/random"];

/// Where a run has its own folders.
const OWN: [&str; 6] = ["/workspace", "/tmp", "/store", "/dev", "/cache", "/program"];

/// Time zones, which runtimes read by name.
const ZONES: &str = "/usr/share/zoneinfo";

/// What the python asked prints: where it really is and what it is made of.
const ASK_PYTHON: &str = "import json, os, sys, sysconfig
homes = {sys.base_prefix, sys.base_exec_prefix, sys.prefix, sys.exec_prefix}
folders = {sysconfig.get_path(name) for name in ('stdlib', 'platstdlib', 'purelib', 'platlib')}
folders |= {os.path.join(home, lib) for home in homes for lib in ('lib', 'lib64')}
libraries = tuple(folder + os.sep for folder in folders)
known = ('site-packages', 'dist-packages', 'lib-dynload')
packages = [path for path in sys.path if os.path.basename(path) in known or path.startswith(libraries)]
print(json.dumps({
    'executable': sys.executable,
    'version': list(sys.version_info[:2]),
    'folders': sorted(folders | set(packages)),
    'files': [os.path.join(home, 'pyvenv.cfg') for home in sorted(homes)],
}))";

/// Oldest bash that programs may rely on.
const OLDEST_BASH: u32 = 4;

/// Where a shell's commands are on any Linux.
const COMMAND_FOLDERS: [&str; 2] = ["/usr/bin", "/bin"];

/// The commands that a shell's programs find, where they are installed. None
/// of them reaches more than files and the run's own processes.
const COMMANDS: &str = "[ awk b2sum base32 base64 basename basenc bash bc bzip2 cat chmod cksum cmp column comm cp \
    csplit cut date dd dc df diff diff3 dircolors dirname du echo egrep env expand expr factor false fgrep file find \
    fmt fold gawk getopt grep groups gunzip gzip head hexdump iconv id join jq kill ln ls mawk md5sum mkdir mkfifo \
    mktemp mv nice nl nohup nproc numfmt od paste patch pr printenv printf ptx pwd readlink realpath rev rm rmdir \
    sdiff sed seq setsid sh sha1sum sha224sum sha256sum sha384sum sha512sum shuf sleep sort split stat stdbuf \
    strings sum tac tail tar tee test time timeout touch tr true truncate tsort tty uname unexpand uniq unlink \
    unxz vdir wc which whoami xargs xxd xz yes zcat zstd";

/// The shell asked for its version.
const ASK_BASH: &str = "printf %s \"${BASH_VERSINFO[0]}\"";

/// Oldest python that programs may rely on.
const OLDEST_PYTHON: (u32, u32) = (3, 9);

/// A runtime with what its jail shows.
#[derive(Debug)]
pub(crate) struct Runtime {
    /// What the guest calls it.
    pub(crate) language: &'static str,
    /// Everything but what a caller adds, without the last step.
    shown: Vec<Setup>,
    program: PathBuf,
    /// Of a language that is compiled.
    pub(crate) toolchain: Option<Toolchain>,
    /// Where what was compiled is.
    pub(crate) cache: Option<PathBuf>,
}

#[derive(Deserialize)]
struct AboutPython {
    executable: PathBuf,
    version: (u32, u32),
    folders: Vec<PathBuf>,
    files: Vec<PathBuf>,
}

impl Runtime {
    /// Asks the `python3` of the search path where it really
    /// is. One that programs may have written, because it lies in `store`, is not executed.
    pub(crate) async fn python(search_path: &OsStr, store: &Path) -> Result<Self, SandboxError> {
        let missing = |reason: String| SandboxError::NoRuntime { language: "Python", reason };
        let store = store.canonicalize().unwrap_or_else(|_| store.to_owned());
        let written = |path: &Path| {
            path.starts_with(&store) || path.canonicalize().is_ok_and(|real| real.starts_with(&store))
        };
        let refused =
            |path: &Path| missing(format!("{} lies in the workspace, where programs write", path.display()));
        let Some(program) = find("python3", search_path) else {
            return Err(missing("`python3` is not in the search path; install Python 3.9 or later".into()));
        };
        if written(&program) {
            return Err(refused(&program));
        }
        let output = tokio::process::Command::new(&program)
            .args(["-I", "-c", ASK_PYTHON])
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output();
        let name = program.display();
        let output = tokio::time::timeout(ASK_DEADLINE, output)
            .await
            .map_err(|_| missing(format!("`{name}` does not say where it is")))?
            .map_err(|error| {
                missing(format!("`{name}` cannot be started: {error}; install Python 3.9 or later"))
            })?;
        let about: Option<AboutPython> = output
            .stdout
            .get(..output.stdout.len().min(MAX_ANSWER))
            .and_then(|text| serde_json::from_slice(text).ok());
        let Some(about) = about.filter(|_| output.status.success()) else {
            return Err(missing(format!("`{name}` does not say where it is")));
        };
        if about.version < OLDEST_PYTHON {
            let (major, minor) = about.version;
            return Err(missing(format!(
                "`{name}` is Python {major}.{minor}, and 3.9 is the oldest that works"
            )));
        }
        // Under its own name, by which it knows the environment that it belongs to.
        let program = about.executable;
        if let Err(error) = program.canonicalize() {
            return Err(missing(format!("{}: {error}", program.display())));
        }
        if let Some(path) = about.folders.iter().chain([&program]).find(|path| written(path)) {
            return Err(refused(path));
        }
        if let Some(own) = OWN.iter().find(|own| program.starts_with(own)) {
            let reason =
                format!("{} lies below {own}, where runs have folders of their own", program.display());
            return Err(missing(reason));
        }
        let mut shown = Shown::default();
        shown.file(&program);
        about.files.iter().filter(|file| file.is_file()).for_each(|file| shown.file(file));
        about.folders.iter().for_each(|folder| shown.folder(folder));
        Ok(Self { language: "python", shown: shown.setup(), program, toolchain: None, cache: None })
    }

    /// Asks the `bash` of the search path for its version. One that programs may
    /// have written, because it lies in `store`, is not executed.
    pub(crate) async fn bash(search_path: &OsStr, store: &Path) -> Result<Self, SandboxError> {
        let missing = |reason: String| SandboxError::NoRuntime { language: "Bash", reason };
        let found = find("bash", search_path).and_then(|program| program.canonicalize().ok());
        let Some(program) = found else {
            return Err(missing("`bash` is not in the search path; install Bash 4 or later".into()));
        };
        let name = program.display();
        let store = store.canonicalize().unwrap_or_else(|_| store.to_owned());
        if program.starts_with(&store) {
            return Err(missing(format!("{name} lies in the workspace, where programs write")));
        }
        if let Some(own) = OWN.iter().find(|own| program.starts_with(own)) {
            return Err(missing(format!("{name} lies below {own}, where runs have folders of their own")));
        }
        let output = tokio::process::Command::new(&program)
            .args(["--noprofile", "--norc", "-c", ASK_BASH])
            .env_clear()
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output();
        let output = tokio::time::timeout(ASK_DEADLINE, output)
            .await
            .map_err(|_| missing(format!("`{name}` does not say which version it is")))?
            .map_err(|error| missing(format!("`{name}` cannot be started: {error}")))?;
        let version: Option<u32> =
            std::str::from_utf8(&output.stdout).ok().and_then(|text| text.trim().parse().ok());
        match version.filter(|_| output.status.success()) {
            None => return Err(missing(format!("`{name}` does not say which version it is"))),
            Some(version) if version < OLDEST_BASH => {
                return Err(missing(format!("`{name}` is Bash {version}, and 4 is the oldest that works")));
            }
            Some(_) => {}
        }
        let mut shown = Shown::default();
        shown.file(&program);
        for folder in COMMAND_FOLDERS.map(Path::new) {
            if folder.is_symlink() {
                // `/bin/sh` is written into many programs.
                shown.link_to_folder(folder);
                continue;
            }
            let commands = COMMANDS.split_ascii_whitespace().map(|name| folder.join(name));
            commands.filter(|command| is_plain_program(command)).for_each(|command| shown.file(&command));
        }
        for (number, name) in ["stdin", "stdout", "stderr"].into_iter().enumerate() {
            shown.links.insert((Path::new("/dev").join(name), format!("/proc/self/fd/{number}").into()));
        }
        shown.links.insert(("/dev/fd".into(), "/proc/self/fd".into()));
        Ok(Self { language: "bash", shown: shown.setup(), program, toolchain: None, cache: None })
    }

    /// All steps of the jail's setup, each with a mount where the jail could not reach the source itself.
    pub(crate) fn setup(&self, store: Option<&Path>) -> io::Result<Vec<(Setup, Option<OwnedFd>)>> {
        let is_root = rustix::process::geteuid().is_root();
        let own = |folder: &Path, target: &str| Setup::Bind {
            kind: BindKind::Store,
            source: folder.display().to_string(),
            target: target.to_owned(),
        };
        let cache = self.cache.as_ref().map(|cache| own(cache, "/cache"));
        let last = Setup::Runtime { program: self.program.display().to_string() };
        let store = store.map(|store| own(store, "/store"));
        let steps = self.shown.iter().cloned().chain(store).chain(cache).chain([last]);
        let with_tree = steps.map(|step| {
            let tree = match &step {
                // The jail of a root host has an id that private folders are closed to.
                Setup::Bind { kind: BindKind::Runtime | BindKind::Store, source, .. } if is_root => {
                    open_tree(source)?
                }
                _ => None,
            };
            Ok((step, tree))
        });
        with_tree.collect()
    }
}

/// Whether it is a program that runs as whoever starts it.
fn is_plain_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    const AS_ANOTHER: u32 = 0o6000;
    const BY_ANYBODY: u32 = 0o001;
    path.metadata().is_ok_and(|about| {
        let mode = about.permissions().mode();
        about.is_file() && mode & AS_ANOTHER == 0 && mode & BY_ANYBODY != 0
    })
}

/// The first program of a name in the folders of a search path.
fn find(name: &str, search_path: &OsStr) -> Option<PathBuf> {
    std::env::split_paths(search_path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// A mount of its own of a tree; none where this process may not make any, so
/// that the jail has to reach the tree by its path.
fn open_tree(source: &str) -> io::Result<Option<OwnedFd>> {
    let flags =
        OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC | OpenTreeFlags::AT_RECURSIVE;
    match rustix::mount::open_tree(rustix::fs::CWD, source, flags) {
        Ok(tree) => Ok(Some(tree)),
        Err(rustix::io::Errno::PERM | rustix::io::Errno::NOSYS) => Ok(None),
        Err(error) => Err(io::Error::new(error.kind(), format!("{source}: {error}"))),
    }
}

/// What a jail shows, each tree once.
#[derive(Default)]
struct Shown {
    trees: BTreeSet<PathBuf>,
    files: BTreeSet<PathBuf>,
    links: BTreeSet<(PathBuf, PathBuf)>,
}

impl Shown {
    /// A folder under its own name and under the one that it really has.
    fn folder(&mut self, folder: &Path) {
        let Ok(real) = folder.canonicalize() else { return };
        if real.is_dir() && real.parent().is_some() {
            self.link(folder, &real);
            self.trees.insert(real);
        } else if real.is_file() {
            self.file(&real);
        }
    }

    /// A file, with each link on the way to it.
    fn file(&mut self, file: &Path) {
        const MAX_LINKS: usize = 40;
        let Ok(real) = file.canonicalize() else { return };
        let mut name = file.to_owned();
        for _ in 0..MAX_LINKS {
            let Ok(to) = name.read_link() else { break };
            let next = name.parent().map_or_else(|| to.clone(), |folder| folder.join(&to));
            self.links.insert((name, to));
            name = next;
        }
        self.link(&name, &real);
        self.files.insert(real);
    }

    /// A folder's other name, without the folder.
    fn link_to_folder(&mut self, name: &Path) {
        if let Ok(real) = name.canonicalize() {
            self.link(name, &real);
        }
    }

    fn link(&mut self, name: &Path, real: &Path) {
        if name != real && name.is_absolute() {
            self.links.insert((name.to_owned(), real.to_owned()));
        }
    }

    fn setup(mut self) -> Vec<Setup> {
        LIBRARIES.iter().map(Path::new).for_each(|library| self.folder(library));
        self.folder(Path::new(ZONES));
        let covered = |path: &Path, itself: bool| {
            path.ancestors().skip(usize::from(!itself)).any(|above| self.trees.contains(above))
        };
        let bind = |path: &Path, kind| Setup::Bind {
            kind,
            source: path.display().to_string(),
            target: path.display().to_string(),
        };
        let trees = self.trees.iter().filter(|tree| !covered(tree, false));
        let files = self.files.iter().filter(|file| !covered(file, true));
        let links = self.links.iter().filter(|(name, _)| !covered(name, true));
        let devices = DEVICES.iter().map(Path::new).filter(|device| device.exists());
        let trees = trees.map(|tree| bind(tree, BindKind::Runtime));
        let files = files.map(|file| bind(file, BindKind::Runtime));
        let links = links.map(|(name, real)| Setup::Link {
            target: name.display().to_string(),
            to: real.display().to_string(),
        });
        let devices = devices.map(|device| bind(device, BindKind::Device));
        trees.chain(files).chain(links).chain(devices).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_within_another_is_shown_once() {
        let mut shown = Shown::default();
        for folder in ["/usr/lib", "/usr/lib/python3", "/nowhere"] {
            shown.folder(Path::new(folder));
        }
        let targets: Vec<String> = shown
            .setup()
            .into_iter()
            .filter_map(|step| match step {
                Setup::Bind { kind: BindKind::Runtime, target, .. } => Some(target),
                _ => None,
            })
            .collect();
        assert!(targets.contains(&"/usr/lib".to_owned()), "{targets:?}");
        assert!(!targets.iter().any(|target| target.starts_with("/usr/lib/")), "{targets:?}");
    }
}
