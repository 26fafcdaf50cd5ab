//! verdict: runtime
//! message: exit code 98
use std::process::{exit, Command};
fn main() {
    if let Some(code) = std::env::args().nth(1) { exit(code.parse().unwrap()); }
    for code in ["97", "99", "137"] { Command::new(std::env::current_exe().unwrap()).arg(code).status().unwrap(); }
    exit(98);
}
