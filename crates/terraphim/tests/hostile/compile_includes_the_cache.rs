//! verdict: syntax
//! message: couldn't read
const LIBRARIES: &[&[u8]] = &[include_bytes!("/cache"), include_bytes!("/cache/../bin"), include_bytes!("/store")];
fn main() { println!("{}", LIBRARIES.len()); }
