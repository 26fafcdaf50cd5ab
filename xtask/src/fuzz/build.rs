//! Builds the fuzz targets: every crate with coverage counters, overflow
//! checks and `--cfg fuzzing`, in a target folder of their own.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use crate::{
    error::Error,
    tree::{cargo, host, root, succeed},
};

/// How long the build may take.
const DEADLINE: Duration = Duration::from_secs(60 * 60);

/// What the compiler is told for every crate.
const FLAGS: &[&str] = &[
    "--cfg",
    "fuzzing",
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
];

/// Builds the named targets under `folder`; gives where their programs are.
pub(super) fn build(folder: &Path, names: &[&str]) -> Result<PathBuf, Error> {
    check_compiler()?;
    // No target starts a guest, so an empty file stands for it.
    let guest = folder.join("no-guest");
    if !guest.exists() {
        fs::create_dir_all(folder).map_err(Error::io(format!("make {}", folder.display())))?;
        fs::write(&guest, "").map_err(Error::io(format!("write {}", guest.display())))?;
    }
    let host = host()?;
    let mut command = cargo();
    // With a target named, build scripts are built without the flags.
    command
        .args(["build", "--manifest-path", "fuzz/Cargo.toml", "--release", "--locked", "--target", &host])
        .arg("--target-dir")
        .arg(folder)
        .env("CARGO_ENCODED_RUSTFLAGS", FLAGS.join("\x1f"))
        .env("TERRAPHIM_GUEST", &guest);
    for name in names {
        command.args(["--bin", name]);
    }
    debug_assert!(root().join("fuzz/Cargo.toml").exists(), "the fuzz workspace is part of the tree");
    succeed(&mut command, DEADLINE)?;
    Ok(folder.join(host).join("release"))
}

/// libFuzzer is C++ and is built from its source.
fn check_compiler() -> Result<(), Error> {
    let compiler = env::var("CXX").unwrap_or_else(|_| "c++".into());
    let mut asked = Command::new(&compiler);
    asked.args(["-x", "c++", "-std=c++17", "-fsyntax-only", "-include", "string", "/dev/null"]);
    let found = asked.stdout(Stdio::null()).stderr(Stdio::null()).status();
    if found.is_ok_and(|status| status.success()) {
        return Ok(());
    }
    let need = format!(
        "a C++17 compiler with its library: `{compiler}` (on Debian and Ubuntu: apt-get install g++)"
    );
    Err(Error::Missing { needs: vec![need] })
}
