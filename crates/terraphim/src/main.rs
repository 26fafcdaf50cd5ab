//! The terraphim command line.
fn main() {}
