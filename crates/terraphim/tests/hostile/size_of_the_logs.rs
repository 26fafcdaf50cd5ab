//! verdict: limit
//! message: longer than its limit
//! timeout: 2000
fn main() { loop { eprintln!("{}\u{1b}[2J", "x".repeat(500)); } }
