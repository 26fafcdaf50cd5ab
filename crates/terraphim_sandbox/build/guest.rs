//! Builds a program that runs behind the wall: static where the machine can,
//! in a target folder of its own. Shared by the build scripts that embed one.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

/// Builds the only program of `package` and gives its path.
pub(crate) fn build(package: &str, features: &[&str], out: &Path) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = format!("crates/{package}");
    for part in
        [&*folder, "crates/terraphim_guest", "crates/terraphim_sandbox_protocol", "Cargo.lock", "Cargo.toml"]
    {
        println!("cargo::rerun-if-changed={}", root.join(part).display());
    }
    let target = env::var("TARGET").expect("cargo sets TARGET");
    // The released guest is linked as a whole, which takes a minute after every change.
    let profile =
        if env::var("PROFILE").is_ok_and(|profile| profile == "release") { "guest" } else { "guest-dev" };
    let folder = out.ancestors().nth(4).unwrap_or(out).join("guest");
    let mut cargo = Command::new(env::var_os("CARGO").expect("cargo sets CARGO"));
    for (name, _) in env::vars_os() {
        let name_text = name.to_string_lossy();
        let stray = name_text.starts_with("CARGO_")
            && name_text != "CARGO_HOME"
            && !name_text.starts_with("CARGO_HTTP");
        if stray || name_text.contains("RUSTC") || name_text == "RUSTFLAGS" || name_text == "MAKEFLAGS" {
            cargo.env_remove(&name);
        }
    }
    cargo
        .current_dir(&root)
        .args(["build", "--locked", "--package", package, "--bins", "--profile", profile])
        .args(["--target", &target, "--features", &features.join(",")])
        .arg("--target-dir")
        .arg(&folder)
        .env("CARGO_ENCODED_RUSTFLAGS", if has_static_libc() { "-Ctarget-feature=+crt-static" } else { "" });
    let status = cargo.status().expect("cargo can be started");
    assert!(status.success(), "{package} did not build: {status}");
    folder.join(target).join(profile).join(package)
}

/// Whether the C library can be linked statically; some systems leave `libc.a` out.
/// A dynamic guest enters its jail after it was loaded, so the walls are the same.
fn has_static_libc() -> bool {
    let compiler = env::var("CC").unwrap_or_else(|_| "cc".into());
    let found = Command::new(compiler).arg("-print-file-name=libc.a").output();
    found.is_ok_and(|output| Path::new(String::from_utf8_lossy(&output.stdout).trim()).is_absolute())
}
