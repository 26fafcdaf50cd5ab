//! Finds the test upstream's binary, building it where it is missing or older
//! than its source. Test code only: nothing that ships depends on it.

use std::{
    io,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
    time::SystemTime,
};

const NAME: &str = "terraphim_test_upstream";

/// The path of the server's binary, in the target directory of the running test.
///
/// # Errors
/// When the test does not run from a cargo target directory or the build fails.
pub fn binary() -> io::Result<PathBuf> {
    static BINARY: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    BINARY
        .get_or_init(|| find_or_build().map_err(|error| error.to_string()))
        .clone()
        .map_err(io::Error::other)
}

fn find_or_build() -> io::Result<PathBuf> {
    let test = std::env::current_exe()?;
    // target/PROFILE/deps/TEST
    let profile_dir = test.ancestors().nth(2).ok_or_else(|| not_in_target(&test))?;
    let target_dir = profile_dir.parent().ok_or_else(|| not_in_target(&test))?;
    let profile =
        profile_dir.file_name().and_then(|name| name.to_str()).ok_or_else(|| not_in_target(&test))?;
    let binary = profile_dir.join(NAME);
    if !is_current(&binary)? {
        build(target_dir, if profile == "debug" { "dev" } else { profile })?;
    }
    Ok(binary)
}

fn not_in_target(test: &Path) -> io::Error {
    io::Error::other(format!("`{}` is not in a cargo target directory", test.display()))
}

fn is_current(binary: &Path) -> io::Result<bool> {
    let Ok(built) = binary.metadata().and_then(|metadata| metadata.modified()) else { return Ok(false) };
    Ok(newest_source()? <= built)
}

fn newest_source() -> io::Result<SystemTime> {
    let mut newest = SystemTime::UNIX_EPOCH;
    for entry in Path::new(env!("CARGO_MANIFEST_DIR")).join("src").read_dir()? {
        newest = newest.max(entry?.metadata()?.modified()?);
    }
    Ok(newest)
}

fn build(target_dir: &Path, profile: &str) -> io::Result<()> {
    let output = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--package", NAME, "--profile", profile, "--target-dir"])
        .arg(target_dir)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(io::Error::other(format!("{NAME} did not build: {}", String::from_utf8_lossy(&output.stderr))))
}
