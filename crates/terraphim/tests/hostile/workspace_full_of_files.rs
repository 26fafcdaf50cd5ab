//! verdict: runtime
//! message: No space left
fn main() { std::fs::create_dir("many").unwrap(); for n in 0.. { std::fs::write(format!("many/{n}"), b"").unwrap(); } }
