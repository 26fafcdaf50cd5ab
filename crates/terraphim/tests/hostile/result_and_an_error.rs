//! verdict: runtime
//! message: exit code 1: Error: "no"
fn main() -> Result<(), &'static str> { println!("{{\"ok\": true}}"); Err("no") }
