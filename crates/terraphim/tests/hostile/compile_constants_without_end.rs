//! verdict: limit
//! message: compiling took longer than the 3 s that the run has
//! says: nest types
//! timeout: 3000
const fn spin() -> u64 { let mut n = 0_u64; loop { n = n.wrapping_add(1); if n == u64::MAX { return n; } } }
const SPUN: u64 = spin();
fn main() { println!("{SPUN}"); }
