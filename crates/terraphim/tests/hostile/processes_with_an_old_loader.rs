//! verdict: result
//! result: "as before"
use std::{fs, process::Command};
fn main() {
    if std::env::args().count() > 1 { println!("as before"); return; }
    fs::write("/workspace/evil.so", b"\x7fELF").unwrap();
    let mut own = Command::new(std::env::current_exe().unwrap());
    own.arg("again").env("LD_PRELOAD", "/workspace/evil.so").env("LD_LIBRARY_PATH", "/workspace").env("GCONV_PATH", "/workspace");
    own.env("MALLOC_PERTURB_", "1").env("TZ", "/etc/passwd").stderr(std::process::Stdio::null());
    own.status().unwrap();
    fs::remove_file("/workspace/evil.so").unwrap();
}
