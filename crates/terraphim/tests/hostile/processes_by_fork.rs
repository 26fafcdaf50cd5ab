//! verdict: limit
//! message: longer than its limit
//! timeout: 3000
extern "C" { fn fork() -> i32; }
fn main() { loop { unsafe { fork(); } } }
