//! verdict: result
//! result: [true,"copy true\n"]
// It may copy itself and start the copy: that is in the same jail.
use std::{fs, process::Command};
fn main() {
    if std::env::args().count() > 1 { println!("copy {}", fs::read("/etc/passwd").is_err() && fs::read("/proc/1/environ").is_err()); return; }
    let copied = fs::copy("/proc/self/exe", "/workspace/copy").is_ok();
    let told = Command::new("/workspace/copy").arg("x").output().map(|ended| String::from_utf8(ended.stdout).unwrap());
    fs::remove_file("/workspace/copy").unwrap();
    println!("{}", mcp_runtime::json!([copied, told.map_err(|error| error.to_string()).unwrap_or_else(|error| error)]));
}
