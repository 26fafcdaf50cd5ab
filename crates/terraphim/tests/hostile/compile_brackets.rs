//! verdict: syntax
fn main() { let x = «(×200000»1«)×200000»; }
