//! verdict: syntax
//! message: couldn't read `/etc/passwd`
//! at: 4:26
const PASSWORDS: &[u8] = include_bytes!("/etc/passwd");
fn main() { println!("{}", PASSWORDS.len()); }
