//! verdict: result
//! result: []
//! next: fn main() { println!("{}", std::fs::read_dir("/cache").map(|all| all.count()).unwrap_or(0)); }
//! finds: 0
use std::{fs::{self, OpenOptions}, io::Write, os::unix::fs::{symlink, PermissionsExt}};
fn main() {
    let mut got = Vec::new();
    for path in ["/program", "/proc/self/exe", "/proc/1/exe", "/proc/self/mem", "/proc/self/map_files"] {
        if OpenOptions::new().write(true).open(path).and_then(|mut file| file.write_all(b"#!/bin/sh")).is_ok() { got.push(format!("write {path}")); }
        if fs::set_permissions(path, fs::Permissions::from_mode(0o7777)).is_ok() { got.push(format!("mode {path}")); }
    }
    for to in ["/program2", "/cache/x", "/workspace/x"] {
        if fs::rename("/program", to).is_ok() || fs::hard_link("/program", to).is_ok() { got.push(format!("move {to}")); }
    }
    if fs::remove_file("/program").is_ok() || symlink("/workspace/x", "/program").is_ok() { got.push("remove".into()); }
    if fs::remove_dir_all("/cache").is_ok() || fs::create_dir("/cache").is_ok() { got.push("cache".into()); }
    println!("{got:?}");
}
