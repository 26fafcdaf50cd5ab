//! verdict: syntax
//! message: couldn't read `/etc/hostname`
#![doc = include_str!("/etc/hostname")]
fn main() {}
