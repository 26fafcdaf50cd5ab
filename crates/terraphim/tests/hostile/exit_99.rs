//! verdict: runtime
//! message: exit code 99
fn main() { std::process::exit(99); }
