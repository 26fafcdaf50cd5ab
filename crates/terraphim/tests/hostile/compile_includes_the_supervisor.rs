//! verdict: syntax
//! message: couldn't read `/proc/1/environ`
const SECRETS: &[u8] = include_bytes!("/proc/1/environ");
fn main() { println!("{}", SECRETS.len()); }
