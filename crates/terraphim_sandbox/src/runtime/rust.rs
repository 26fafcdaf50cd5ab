//! Where the machine's Rust is: its compiler, asked for its own folder, and what
//! it links programs with.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    process::{Output, Stdio},
};

use super::{ASK_DEADLINE, MAX_ANSWER, OWN, Runtime, SandboxError, Shown, find};

/// Oldest compiler that programs may rely on: 1.70.
const OLDEST: (u32, u32) = (1, 70);

/// What to do where there is none.
const INSTALL: &str = "install Rust 1.70 or later";

/// Where objects and libraries of C are that programs are linked with, by architecture.
const LIBRARY_FOLDERS: [&str; 4] = ["/usr/lib/ARCH-linux-gnu", "/usr/lib64", "/usr/lib", "/lib64"];

/// Where gcc has its own.
const GCC_FOLDERS: [&str; 2] = ["/usr/lib/gcc", "/usr/lib64/gcc"];

/// What a compiler of C that is to link starts.
const LINKERS: [&str; 6] = ["ld", "ld.bfd", "ld.gold", "ld.lld", "as", "collect2"];

/// Threads of a linker, which would take as many as the machine has processors.
const LINKER_THREADS: u32 = 4;

/// The machine's compiler for Rust.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toolchain {
    /// What it says of itself: its version, its own hash, its target.
    pub about: String,
    /// The arguments with which it links programs on this machine.
    pub link_arguments: Vec<String>,
}

impl Runtime {
    /// Asks the `rustc` of the search path where it really is. One that programs may
    /// have written, because it lies in `store`, is not executed. `cache` is shown to builds and runs.
    pub(crate) async fn rust(search_path: &OsStr, store: &Path, cache: &Path) -> Result<Self, SandboxError> {
        let Some(asked) = find("rustc", search_path) else {
            return Err(missing(format!("`rustc` is not in the search path; {INSTALL}")));
        };
        let store = store.canonicalize().unwrap_or_else(|_| store.to_owned());
        let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let refuse_written = |path: &Path| match path.starts_with(&store) || real(path).starts_with(&store) {
            true => Err(missing(format!("{} lies in the workspace, where programs write", path.display()))),
            false => Ok(()),
        };
        refuse_written(&asked)?;
        if real(cache).starts_with(&store) {
            return Err(missing(format!(
                "{}, where compiled programs are kept, lies in the workspace, where programs write",
                cache.display()
            )));
        }
        let sysroot = PathBuf::from(sysroot(&asked).await?);
        let program = sysroot.join("bin/rustc");
        refuse_written(&program)?;
        if let Some(own) = OWN.iter().find(|own| real(&program).starts_with(own)) {
            let name = program.display();
            return Err(missing(format!("{name} lies below {own}, where runs have folders of their own")));
        }
        let about = ask(&program, &["-vV"], None).await?;
        let about = text(&about).ok_or_else(|| silent(&program, "which version it is"))?;
        let target = check_version(&program, &about)?;
        let mut shown = Shown::default();
        shown.file(&program);
        shown.folder(&sysroot.join("lib"));
        let link_arguments = link_arguments(&sysroot, &target, search_path, &mut shown)?;
        let toolchain = Toolchain { about, link_arguments };
        let program = real(&program);
        Ok(Self {
            language: "rust",
            shown: shown.setup(),
            program,
            toolchain: Some(toolchain),
            cache: Some(cache.to_owned()),
        })
    }
}

fn missing(reason: String) -> SandboxError {
    SandboxError::NoRuntime { language: "Rust", reason }
}

fn silent(program: &Path, what: &str) -> SandboxError {
    missing(format!("`{}` does not say {what}; {INSTALL}", program.display()))
}

/// The folder that a compiler belongs to. One that only stands for others, as those
/// of a toolchain manager do, is told where that manager keeps them if it does not know it.
async fn sysroot(program: &Path) -> Result<String, SandboxError> {
    let arguments = ["--print", "sysroot"];
    if let Some(sysroot) = text(&ask(program, &arguments, None).await?) {
        return Ok(sysroot);
    }
    let beside = program.parent().and_then(Path::parent).and_then(Path::parent);
    let toolchains = beside.map(|home| home.join(".rustup")).filter(|folder| folder.is_dir());
    let answer = match &toolchains {
        Some(folder) => text(&ask(program, &arguments, Some(folder)).await?),
        None => None,
    };
    answer.ok_or_else(|| silent(program, "where it is"))
}

async fn ask(program: &Path, arguments: &[&str], toolchains: Option<&Path>) -> Result<Output, SandboxError> {
    let mut command = tokio::process::Command::new(program);
    command.args(arguments).stdin(Stdio::null()).kill_on_drop(true);
    // A project's own file says nothing here, and nothing is to be installed.
    command.current_dir("/").env("RUSTUP_AUTO_INSTALL", "0");
    if let Some(toolchains) = toolchains {
        command.env("RUSTUP_HOME", toolchains);
    }
    let name = program.display();
    tokio::time::timeout(ASK_DEADLINE, command.output())
        .await
        .map_err(|_| missing(format!("`{name}` does not answer")))?
        .map_err(|error| missing(format!("`{name}` cannot be started: {error}; {INSTALL}")))
}

fn text(answer: &Output) -> Option<String> {
    let text = std::str::from_utf8(answer.stdout.get(..answer.stdout.len().min(MAX_ANSWER))?).ok()?.trim();
    (answer.status.success() && !text.is_empty()).then(|| text.to_owned())
}

/// Refuses what is too old; gives the target that it compiles for.
fn check_version(program: &Path, about: &str) -> Result<String, SandboxError> {
    let field = |name: &str| about.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    let version = field("release:").and_then(|release| {
        let mut parts = release.split(['.', '-']);
        Some((parts.next()?.parse::<u32>().ok()?, parts.next()?.parse::<u32>().ok()?))
    });
    let name = program.display();
    match (version, field("host:")) {
        (Some(version), _) if version < OLDEST => {
            let (major, minor) = version;
            Err(missing(format!("`{name}` is Rust {major}.{minor}, and 1.70 is the oldest that works")))
        }
        (Some(_), Some(target)) if target.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c)) => {
            Ok(target.to_owned())
        }
        _ => Err(silent(program, "which version it is")),
    }
}

/// How programs are linked: by the linker that comes with the compiler, or where
/// that has none by the machine's compiler of C, which takes longer.
fn link_arguments(
    sysroot: &Path,
    target: &str,
    search_path: &OsStr,
    shown: &mut Shown,
) -> Result<Vec<String>, SandboxError> {
    let linker = sysroot.join("lib/rustlib").join(target).join("bin/rust-lld");
    if target.ends_with("-linux-gnu")
        && linker.is_file()
        && let Some(arguments) = direct(&linker, target)
    {
        return Ok(arguments);
    }
    let Some(cc) = find("cc", search_path) else {
        let reason = "there is no linker for it: install gcc with the development files of the C library";
        return Err(missing(reason.into()));
    };
    shown.file(&cc);
    let others = LINKERS.iter().filter_map(|name| find(name, search_path));
    others.for_each(|other| shown.file(&other));
    shown.folder(Path::new("/usr/libexec/gcc"));
    let arguments = vec![format!("-Clinker={}", cc.display())];
    Ok(arguments)
}

fn direct(linker: &Path, target: &str) -> Option<Vec<String>> {
    let arch = target.split('-').next()?;
    let loader = match arch {
        "x86_64" => "/lib64/ld-linux-x86-64.so.2",
        "aarch64" => "/lib/ld-linux-aarch64.so.1",
        _ => return None,
    };
    let folders = LIBRARY_FOLDERS.map(|folder| PathBuf::from(folder.replace("ARCH", arch)));
    let libraries = folders.into_iter().find(|folder| folder.join("Scrt1.o").is_file())?;
    let gcc = gcc_folder(arch)?;
    let objects = [
        libraries.join("Scrt1.o"),
        libraries.join("crti.o"),
        gcc.join("crtbeginS.o"),
        gcc.join("crtendS.o"),
        libraries.join("crtn.o"),
    ];
    if !Path::new(loader).exists() || !objects.iter().all(|object| object.is_file()) {
        return None;
    }
    let mut arguments = vec![format!("-Clinker={}", linker.display()), "-Clinker-flavor=ld.lld".to_owned()];
    let objects = objects.iter().map(|object| object.display().to_string());
    let others = [
        format!("-L{}", libraries.display()),
        format!("-L{}", gcc.display()),
        format!("--dynamic-linker={loader}"),
        format!("--threads={LINKER_THREADS}"),
    ];
    arguments.extend(objects.chain(others).map(|argument| format!("-Clink-arg={argument}")));
    Some(arguments)
}

/// The folder of the newest gcc for an architecture.
fn gcc_folder(arch: &str) -> Option<PathBuf> {
    let of_target = |folder: &std::fs::DirEntry| {
        folder.file_name().to_str().is_some_and(|name| name.starts_with(arch) && name.contains("linux"))
    };
    let number = |folder: &Path| -> Option<Vec<u32>> {
        folder.file_name()?.to_str()?.split('.').map(|part| part.parse().ok()).collect()
    };
    let entries = |folder: &Path| std::fs::read_dir(folder).into_iter().flatten().flatten();
    GCC_FOLDERS
        .iter()
        .flat_map(|folder| entries(Path::new(folder)).filter(of_target).collect::<Vec<_>>())
        .flat_map(|target| entries(&target.path()).map(|version| version.path()).collect::<Vec<_>>())
        .filter(|version| version.join("crtbeginS.o").is_file())
        .max_by_key(|version| number(version))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_and_silent_compilers_are_refused() {
        let check = |about: &str| check_version(Path::new("rustc"), about).map_err(|error| error.to_string());
        assert_eq!(check("rustc 1.95.0\nhost: a-b\nrelease: 1.95.0").unwrap(), "a-b");
        assert_eq!(check("host: a-b\nrelease: 1.71.0-nightly").unwrap(), "a-b");
        for (about, words) in [
            ("host: a-b\nrelease: 1.69.9", "1.70 is the oldest"),
            ("host: a/../b\nrelease: 1.80.0", "does not say"),
            ("release: 1.80.0", "does not say"),
            ("host: a-b\nrelease: x.80", "does not say"),
            ("", "does not say"),
        ] {
            assert!(check(about).unwrap_err().contains(words), "{about}");
        }
    }
}
