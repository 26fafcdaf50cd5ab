//! verdict: runtime
//! message: exit code 97
fn main() { std::process::exit(97); }
