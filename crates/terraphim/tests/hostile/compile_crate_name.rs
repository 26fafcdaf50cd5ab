//! verdict: syntax
//! message: `--crate-name` and `#[crate_name]` are required to match
#![crate_name = "std"]
fn main() {}
