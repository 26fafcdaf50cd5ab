//! verdict: result
//! result: 1
fn main() { for _ in 0..64 { eprint!("{}", "x".repeat(1 << 20)); } print!("1"); }
