//! verdict: syntax
//! message: couldn't read `/dev/zero`
const ZEROES: &[u8] = include_bytes!("/dev/zero");
fn main() { println!("{}", ZEROES.len()); }
