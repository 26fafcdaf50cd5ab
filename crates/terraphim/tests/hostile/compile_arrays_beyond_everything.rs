//! verdict: syntax
//! message: too big
static ALL: [u8; usize::MAX / 2] = [0; usize::MAX / 2];
fn main() { println!("{}", ALL[7]); }
