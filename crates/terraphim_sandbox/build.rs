//! Builds the guest as a static program and leaves it where the crate embeds it.
//!
//! `TERRAPHIM_GUEST=path` takes a guest that was built elsewhere instead.

#![expect(clippy::expect_used, clippy::panic, reason = "a build script reports by failing")]

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

fn main() {
    println!("cargo::rerun-if-env-changed=TERRAPHIM_GUEST");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let guest = match env::var_os("TERRAPHIM_GUEST") {
        Some(path) => PathBuf::from(path),
        None => build(&out),
    };
    println!("cargo::rerun-if-changed={}", guest.display());
    if let Err(error) = fs::copy(&guest, out.join("guest")) {
        panic!("failed to take the guest from {}: {error}", guest.display());
    }
}

fn build(out: &Path) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for part in ["crates/terraphim_guest", "crates/terraphim_sandbox_protocol", "Cargo.lock", "Cargo.toml"] {
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
        .args([
            "build",
            "--locked",
            "--package",
            "terraphim_guest",
            "--profile",
            profile,
            "--target",
            &target,
        ])
        .arg("--target-dir")
        .arg(&folder)
        .env("CARGO_ENCODED_RUSTFLAGS", if has_static_libc() { "-Ctarget-feature=+crt-static" } else { "" });
    let status = cargo.status().expect("cargo can be started");
    assert!(status.success(), "the guest did not build: {status}");
    folder.join(target).join(profile).join("terraphim_guest")
}

/// Whether the C library can be linked statically; some systems leave `libc.a` out.
/// A dynamic guest enters its jail after it was loaded, so the walls are the same.
fn has_static_libc() -> bool {
    let compiler = env::var("CC").unwrap_or_else(|_| "cc".into());
    let found = Command::new(compiler).arg("-print-file-name=libc.a").output();
    found.is_ok_and(|output| Path::new(String::from_utf8_lossy(&output.stdout).trim()).is_absolute())
}
