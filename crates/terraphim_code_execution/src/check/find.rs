//! Where the machine has a native type checker for TypeScript. Nothing is
//! executed in order to find out; what is found is executed behind walls alone.

use std::{
    ffi::OsString,
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use rustix::fs::{Mode, OFlags};
use serde::Deserialize;

/// The first version of TypeScript whose checker is a program of its own.
pub(super) const OLDEST: u32 = 7;

/// Longest description of a package that is read, in bytes.
const MAX_PACKAGE: u64 = 1 << 20;

/// Folders upward from here that are looked at.
const MOST_FOLDERS: usize = 64;

/// The packages that have it, and what they call the program.
const PACKAGES: [(&str, &str, &str); 2] =
    [("typescript", "typescript", "tsc"), ("@typescript/native-preview", "native-preview", "tsgo")];

/// Where a checker is looked for, in this order. Without any, none is found.
#[derive(Debug, Clone, Default)]
pub struct CheckerPlaces {
    /// What somebody has named, and where: it is taken, or nothing is.
    pub named: Option<(PathBuf, String)>,
    /// The folder whose project may have one, as those above it may.
    pub from: Option<PathBuf>,
    /// The folders of programs, as in `PATH`.
    pub search_path: OsString,
    /// Where npm installs what is for all projects; the packages are below, in `lib/node_modules`.
    pub prefixes: Vec<PathBuf>,
    /// A folder that programs write to: nothing in it is taken.
    pub written: Option<PathBuf>,
}

/// A checker that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// The folder that it lies in with all that it needs, without links.
    pub(super) folder: PathBuf,
    /// The program's name there.
    pub(super) name: String,
}

#[derive(Deserialize)]
struct Package {
    #[serde(default)]
    name: String,
    #[serde(default)]
    version: String,
}

/// Looks for a checker.
///
/// # Errors
///
/// What was looked for and what to do, as the end of a sentence.
pub(super) fn find(places: &CheckerPlaces) -> Result<Found, String> {
    let written = places.written.as_ref().and_then(|folder| folder.canonicalize().ok());
    let is_written = |path: &Path| written.as_ref().is_some_and(|written| path.starts_with(written));
    if let Some((path, by)) = &places.named {
        let found = of_path(path).map_err(|why| format!("{by} names {}, and {why}", path.display()))?;
        if is_written(&found.folder) {
            return Err(format!("{by} names {}, which programs may have written", path.display()));
        }
        return Ok(found);
    }
    let mut old = None;
    let candidates = modules(places).into_iter().flat_map(|modules| {
        PACKAGES.map(|(package, _, _)| modules.join(package)).into_iter().filter(|path| path.is_dir())
    });
    for candidate in candidates.chain(programs(places)) {
        match of_path(&candidate) {
            Ok(found) if !is_written(&found.folder) => return Ok(found),
            Ok(_) => {}
            Err(why) => {
                old.get_or_insert(format!("{} {why}", candidate.display()));
            }
        }
    }
    let install = "install TypeScript 7 (`npm install -g typescript@7`, or in the project without `-g`), \
                   or name its program with TERRAPHIM_TSC";
    Err(match old {
        Some(old) => format!("no native checker was found ({old}): {install}"),
        None => format!("no native checker was found: {install}"),
    })
}

/// The folders of packages.
fn modules(places: &CheckerPlaces) -> Vec<PathBuf> {
    let upward = places.from.iter().flat_map(|from| from.ancestors().take(MOST_FOLDERS));
    let mut all: Vec<PathBuf> = upward.map(|folder| folder.join("node_modules")).collect();
    let beside_node = std::env::split_paths(&places.search_path)
        .filter(|folder| folder.is_absolute() && folder.join("node").exists())
        .filter_map(|folder| Some(folder.parent()?.join("lib/node_modules")));
    all.extend(beside_node);
    all.extend(places.prefixes.iter().map(|prefix| prefix.join("lib/node_modules")));
    all
}

/// The programs of the search path with one of the names.
fn programs(places: &CheckerPlaces) -> Vec<PathBuf> {
    let folders = std::env::split_paths(&places.search_path).filter(|folder| folder.is_absolute());
    let programs = folders.flat_map(|folder| ["tsgo", "tsc"].map(|name| folder.join(name)));
    programs.filter(|program| program.is_file()).collect()
}

/// The checker that a path leads to: the program itself, the script that
/// starts it, or the package of either.
fn of_path(path: &Path) -> Result<Found, String> {
    let real = path.canonicalize().map_err(|error| format!("it cannot be found: {error}"))?;
    if real.is_dir() {
        return of_package(&real);
    }
    if is_program(&real) {
        return of_program(&real);
    }
    // A script such as `typescript/bin/tsc`.
    let package = real.ancestors().skip(1).take(3).find(|folder| folder.join("package.json").is_file());
    package.map_or_else(|| Err("it is neither a program nor part of a package".to_owned()), of_package)
}

fn of_program(program: &Path) -> Result<Found, String> {
    let (Some(folder), Some(name)) = (program.parent(), program.file_name().and_then(|name| name.to_str()))
    else {
        return Err("its path is none that can be used".to_owned());
    };
    if !folder.join("lib.esnext.d.ts").is_file() {
        return Err("the libraries of TypeScript do not lie beside it".to_owned());
    }
    Ok(Found { folder: folder.to_owned(), name: name.to_owned() })
}

/// The checker of a package, which has another one for each kind of machine.
fn of_package(package: &Path) -> Result<Found, String> {
    let Package { name, version } = read(&package.join("package.json"))?;
    let major = version.split('.').next().and_then(|major| major.parse::<u32>().ok());
    if major.is_none_or(|major| major < OLDEST) {
        let version: String = version.chars().filter(|c| !c.is_control()).take(40).collect();
        return Err(format!("is version {version}, and TypeScript {OLDEST} is the first with one"));
    }
    let machine = match std::env::consts::ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        other => other,
    };
    for (own, prefix, program) in PACKAGES {
        let of_machine = format!("@typescript/{prefix}-linux-{machine}");
        if name == of_machine {
            return checked_program(&package.join("lib").join(program));
        }
        if name == own {
            let folders = package.ancestors().take(MOST_FOLDERS).map(|folder| match folder.file_name() {
                Some(name) if name == "node_modules" => folder.join(&of_machine),
                _ => folder.join("node_modules").join(&of_machine),
            });
            let mut programs = folders.map(|folder| folder.join("lib").join(program));
            let found = programs.find(|program| program.is_file());
            let found = found.ok_or_else(|| format!("lacks the package {of_machine}: install it again"))?;
            return checked_program(&found);
        }
    }
    Err("is no package of TypeScript".to_owned())
}

fn checked_program(program: &Path) -> Result<Found, String> {
    let real = program.canonicalize().map_err(|error| format!("has no program that can be used: {error}"))?;
    if is_program(&real) { of_program(&real) } else { Err("has no native program".to_owned()) }
}

fn is_program(path: &Path) -> bool {
    let mut magic = [0; 4];
    path.is_file()
        && File::open(path).and_then(|mut file| file.read_exact(&mut magic)).is_ok()
        && &magic == b"\x7fELF"
}

fn read(path: &Path) -> Result<Package, String> {
    let mut text = Vec::new();
    let unread = |error: std::io::Error| format!("cannot be read: {error}");
    // A pipe would be waited for without an end.
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let opened = rustix::fs::open(path, flags, Mode::empty()).map_err(|error| unread(error.into()))?;
    File::from(opened).take(MAX_PACKAGE).read_to_end(&mut text).map_err(unread)?;
    serde_json::from_slice(&text).map_err(|error| format!("has a package.json that cannot be read: {error}"))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn package(folder: &Path, name: &str, version: &str) {
        fs::create_dir_all(folder).unwrap();
        let text = serde_json::json!({ "name": name, "version": version }).to_string();
        fs::write(folder.join("package.json"), text).unwrap();
    }

    fn machine() -> &'static str {
        if cfg!(target_arch = "x86_64") { "x64" } else { "arm64" }
    }

    /// A package as npm installs it; gives the folder of the program.
    fn installed(modules: &Path) -> PathBuf {
        package(&modules.join("typescript"), "typescript", "7.0.2");
        fs::create_dir_all(modules.join("typescript/bin")).unwrap();
        fs::write(modules.join("typescript/bin/tsc"), "#!/usr/bin/env node\n").unwrap();
        let name = format!("@typescript/typescript-linux-{}", machine());
        let own = modules.join(&name);
        package(&own, &name, "7.0.2");
        program(&own.join("lib"), "tsc")
    }

    fn program(folder: &Path, name: &str) -> PathBuf {
        fs::create_dir_all(folder).unwrap();
        fs::write(folder.join(name), b"\x7fELF and more").unwrap();
        fs::write(folder.join("lib.esnext.d.ts"), "").unwrap();
        folder.canonicalize().unwrap()
    }

    fn found(folder: &Path, name: &str) -> Result<Found, String> {
        Ok(Found { folder: folder.to_owned(), name: name.to_owned() })
    }

    #[test]
    fn the_nearest_project_comes_before_the_search_path() {
        let place = tempfile::tempdir().unwrap();
        let own = installed(&place.path().join("project/node_modules"));
        let below = place.path().join("project/a/b");
        fs::create_dir_all(&below).unwrap();
        let bin = place.path().join("bin");
        let other = program(&place.path().join("other"), "tsgo");
        fs::create_dir_all(&bin).unwrap();
        std::os::unix::fs::symlink(other.join("tsgo"), bin.join("tsgo")).unwrap();
        let mut places =
            CheckerPlaces { from: Some(below), search_path: bin.clone().into(), ..CheckerPlaces::default() };
        assert_eq!(find(&places), found(&own, "tsc"));
        places.from = None;
        assert_eq!(find(&places), found(&other, "tsgo"));
        // As npm links what is installed for all.
        fs::remove_file(bin.join("tsgo")).unwrap();
        let script = place.path().join("project/node_modules/typescript/bin/tsc");
        std::os::unix::fs::symlink(script, bin.join("tsc")).unwrap();
        assert_eq!(find(&places), found(&own, "tsc"));
    }

    #[test]
    fn what_is_named_is_taken_or_nothing_is() {
        let place = tempfile::tempdir().unwrap();
        let own = installed(&place.path().join("node_modules"));
        let named = |path: PathBuf| {
            let named = Some((path, "TERRAPHIM_TSC".to_owned()));
            find(&CheckerPlaces { named, from: Some(place.path().to_owned()), ..CheckerPlaces::default() })
        };
        assert_eq!(named(own.join("tsc")), found(&own, "tsc"));
        assert_eq!(named(place.path().join("node_modules/typescript")), found(&own, "tsc"));
        assert_eq!(named(place.path().join("node_modules/typescript/bin/tsc")), found(&own, "tsc"));
        let why = named(place.path().join("nothing")).unwrap_err();
        assert!(why.starts_with("TERRAPHIM_TSC names ") && why.contains("cannot be found"), "{why}");
        let script = place.path().join("script");
        fs::write(&script, "#!/bin/sh\n").unwrap();
        let why = named(script).unwrap_err();
        assert!(why.contains("neither a program nor part of a package"), "{why}");
        let lonely = place.path().join("lonely");
        fs::write(&lonely, b"\x7fELF").unwrap();
        let why = named(lonely).unwrap_err();
        assert!(why.contains("libraries of TypeScript"), "{why}");
    }

    #[test]
    fn what_cannot_be_used_is_told() {
        let place = tempfile::tempdir().unwrap();
        let places = CheckerPlaces { from: Some(place.path().to_owned()), ..CheckerPlaces::default() };
        let why = find(&places).unwrap_err();
        assert!(why.contains("no native checker was found: install TypeScript 7"), "{why}");
        let old = place.path().join("node_modules/typescript");
        package(&old, "typescript", "5.9.2");
        let why = find(&places).unwrap_err();
        assert!(why.contains("is version 5.9.2, and TypeScript 7 is the first with one): install"), "{why}");
        let why = of_path(&old).unwrap_err();
        assert_eq!(why, "is version 5.9.2, and TypeScript 7 is the first with one");
        package(&old, "typescript", "7.0.2");
        assert!(of_path(&old).unwrap_err().starts_with("lacks the package @typescript/typescript-linux-"));
        package(&old, "somebody-else", "9.0.0");
        assert_eq!(of_path(&old).unwrap_err(), "is no package of TypeScript");
        fs::write(old.join("package.json"), "{").unwrap();
        assert!(of_path(&old).unwrap_err().contains("package.json that cannot be read"));
    }

    #[test]
    fn nothing_is_taken_that_programs_may_have_written() {
        let place = tempfile::tempdir().unwrap();
        installed(&place.path().join("node_modules"));
        let outside = place.path().parent().map(Path::to_owned);
        let mut places = CheckerPlaces {
            from: Some(place.path().to_owned()),
            written: Some(place.path().to_owned()),
            ..CheckerPlaces::default()
        };
        let is_own = |found: Result<Found, String>| {
            found.is_ok_and(|found| found.folder.starts_with(place.path().canonicalize().unwrap()))
        };
        assert!(!is_own(find(&places)));
        places.named = Some((place.path().join("node_modules/typescript"), "tsc".to_owned()));
        assert!(find(&places).unwrap_err().contains("may have written"));
        places.written = outside.map(|outside| outside.join("elsewhere"));
        assert!(is_own(find(&places)));
    }
}
