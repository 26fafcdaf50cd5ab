//! Builds the hostile guest and leaves it where the crate embeds it.

#![expect(clippy::expect_used, clippy::panic, reason = "a build script reports by failing")]

use std::{env, fs, path::PathBuf};

#[path = "../terraphim_sandbox/build/guest.rs"]
mod guest;

fn main() {
    println!("cargo::rerun-if-changed=../terraphim_sandbox/build/guest.rs");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    // The program has no need of its own bytes.
    let program = match env::var_os("CARGO_FEATURE_PROGRAM") {
        Some(_) => Vec::new(),
        None => {
            let built = guest::build("terraphim_hostile_guest", &["program"], &out);
            fs::read(&built)
                .unwrap_or_else(|error| panic!("failed to take the guest from {}: {error}", built.display()))
        }
    };
    fs::write(out.join("guest"), program).expect("cargo's folder can be written");
}
