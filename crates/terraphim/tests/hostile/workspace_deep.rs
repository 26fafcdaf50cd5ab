//! verdict: result
//! result: "deep"
use std::{env, fs};
fn main() { for _ in 0..3_000 { if fs::create_dir("d").is_err() { break; } env::set_current_dir("d").unwrap(); } let _ = fs::write("x", "x"); println!("deep"); }
