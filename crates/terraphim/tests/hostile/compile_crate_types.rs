//! verdict: result
//! result: "a program all the same"
#![crate_type = "proc-macro"]
#![crate_type = "cdylib"]
#![crate_type = "staticlib"]
fn main() { println!("a program all the same"); }
