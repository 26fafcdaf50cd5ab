//! verdict: limit
//! message: 64 MiB
//! timeout: 20000
static WRITTEN: [u8; 70 << 20] = [1; 70 << 20];
fn main() { println!("{}", WRITTEN[7]); }
