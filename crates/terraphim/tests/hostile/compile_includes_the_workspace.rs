//! verdict: syntax
//! message: couldn't read `/workspace/data/kept.json`
const KEPT: &str = include_str!("/workspace/data/kept.json");
fn main() { println!("{KEPT}"); }
