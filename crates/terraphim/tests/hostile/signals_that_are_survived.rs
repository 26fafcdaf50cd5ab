//! verdict: limit
//! message: longer than its limit
//! timeout: 2000
extern "C" fn again(_: i32) { loop { std::hint::spin_loop(); } }
extern "C" { fn signal(n: i32, f: extern "C" fn(i32)) -> usize; fn raise(n: i32) -> i32; }
fn main() { unsafe { for n in 1..32 { signal(n, again); } raise(24); raise(15); } loop {} }
