//! verdict: result
//! result: "\ufffd\ufffd\u0000\u001b[2Jx"
use std::io::Write;
fn main() { std::io::stdout().write_all(b"\xff\xc3\0\x1b[2Jx").unwrap(); }
