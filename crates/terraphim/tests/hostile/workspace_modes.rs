//! verdict: result
//! result: "set"
//! next: fn main() { use std::os::unix::fs::PermissionsExt; let mode = |n: &str| std::fs::metadata(n).unwrap().permissions().mode() & 0o7777; println!("[{}, {:?}]", mode("setuid") & 0o6000, std::fs::read_to_string("locked").unwrap()); }
//! finds: [0,"secret"]
use std::{fs, os::unix::fs::PermissionsExt};
fn main() {
    let mode = |name: &str, mode| fs::set_permissions(name, fs::Permissions::from_mode(mode)).unwrap();
    fs::write("setuid", "#!/bin/sh").unwrap();
    mode("setuid", 0o6777);
    fs::write("locked", "secret").unwrap();
    mode("locked", 0);
    mode("/workspace", 0);
    println!("set");
}
