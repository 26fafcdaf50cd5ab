//! verdict: limit
//! message: the result has more than
use std::io::Write;
fn main() { let text = [b'x'; 1 << 16]; let mut out = std::io::stdout().lock(); while out.write_all(&text).is_ok() {} loop { std::thread::park(); } }
