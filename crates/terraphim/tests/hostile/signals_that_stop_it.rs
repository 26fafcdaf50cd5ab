//! verdict: limit
//! message: longer than its limit
//! timeout: 1500
extern "C" { fn raise(n: i32) -> i32; }
fn main() { unsafe { raise(19); } println!("never"); }
