//! verdict: result
//! result: truncated
fn main() { print!("{}", "9".repeat(1_000_000)); }
