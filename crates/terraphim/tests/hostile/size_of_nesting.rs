//! verdict: result
//! result: truncated
fn main() { print!("{}{}", "[".repeat(1_000_000), "]".repeat(1_000_000)); }
