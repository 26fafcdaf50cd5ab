//! verdict: result
//! result: "made"
//! logs: not kept
//! next: fn main() { println!("{:?}", std::fs::read_dir(".").unwrap().flatten().map(|e| e.file_name()).collect::<Vec<_>>()); }
//! finds: []
use std::{fs, os::unix::fs::symlink};
fn main() {
    symlink("/etc/passwd", "passwords").unwrap();
    symlink("/", "root").unwrap();
    symlink("loop", "loop").unwrap();
    symlink("../../../../etc", "data").unwrap();
    assert!(fs::read("passwords").is_err());
    println!("made");
}
