//! verdict: runtime
//! message: overflowed its stack
#[inline(never)]
fn deeper(n: u64) -> u64 { let held = std::hint::black_box([n; 4096]); deeper(n + 1) + held[7] }
fn main() { println!("{}", deeper(0)); }
