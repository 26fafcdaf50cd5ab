//! Builds the guest as a static program and leaves it where the crate embeds it.
//!
//! `TERRAPHIM_GUEST=path` takes a guest that was built elsewhere instead.

#![expect(clippy::expect_used, clippy::panic, reason = "a build script reports by failing")]

use std::{env, fs, path::PathBuf};

#[path = "build/guest.rs"]
mod guest;

fn main() {
    println!("cargo::rerun-if-env-changed=TERRAPHIM_GUEST");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let guest = match env::var_os("TERRAPHIM_GUEST") {
        Some(path) => PathBuf::from(path),
        None => guest::build("terraphim_guest", &[], &out),
    };
    println!("cargo::rerun-if-changed={}", guest.display());
    if let Err(error) = fs::copy(&guest, out.join("guest")) {
        panic!("failed to take the guest from {}: {error}", guest.display());
    }
}
