//! verdict: syntax
//! message: cannot find value `aaaaa
fn main() { println!("{}", «a×900000»); }
