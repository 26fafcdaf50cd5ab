//! verdict: limit
//! message: compiling
//! timeout: 20000
const fn fill() -> [u64; 1 << 27] { let mut all = [0; 1 << 27]; let mut n = 0; while n < 1 << 27 { all[n] = n as u64; n += 1 << 9; } all }
static ONE: [u64; 1 << 27] = fill();
static TWO: [u64; 1 << 27] = fill();
fn main() { println!("{}", ONE[5] + TWO[7]); }
