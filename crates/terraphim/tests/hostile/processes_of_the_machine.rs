//! verdict: result
//! result: []
use std::process::Command;
fn main() {
    let names = ["sh", "/bin/sh", "/usr/bin/env", "bash", "cc", "ld", "gcc", "rustc", "/usr/bin/rustc", "as", "mcp", "python3",
        "su", "sudo", "mount", "ping"];
    let got: Vec<_> = names.into_iter().filter(|name| Command::new(name).arg("--version").output().is_ok()).collect();
    println!("{got:?}");
}
