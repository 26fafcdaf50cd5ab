//! verdict: limit
//! message: longer than its limit
//! timeout: 2000
use std::os::unix::process::CommandExt;
fn main() { panic!("{}", std::process::Command::new("/proc/self/exe").arg0("x\n\u{1b}[2J").exec()); }
