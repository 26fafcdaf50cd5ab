//! verdict: syntax
//! message: circular modules
#[path = "program.rs"]
mod again;
fn main() {}
