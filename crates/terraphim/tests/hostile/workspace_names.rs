//! verdict: result
//! result: "made"
use std::{ffi::OsStr, fs, os::unix::ffi::OsStrExt};
fn main() {
    for name in [&b"line\nof two"[..], b"\x1b[2J", b"\xff\xfe", b"-rf", b" ", b"terraphim.toml", b".mcp.json", "\u{202e}gpj.exe".as_bytes()] {
        let _ = fs::write(OsStr::from_bytes(name), "x");
    }
    let _ = fs::create_dir_all(".git/hooks");
    let _ = fs::write(".git/hooks/pre-commit", "#!/bin/sh");
    println!("made");
}
