//! verdict: limit
//! message: MiB of memory
//! memory: 64
fn main() { let mut held = Vec::new(); loop { held.push(Box::new([1_u8; 4096])); } }
