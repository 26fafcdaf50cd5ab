//! verdict: limit
//! message: MiB of memory
//! memory: 64
fn main() { let held = vec![1_u8; 900 << 20]; println!("{}", held.iter().filter(|one| **one == 1).count()); }
