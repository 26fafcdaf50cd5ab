//! verdict: syntax
//! message: painted
compile_error!("\u{1b}[2J\u{1b}]0;title\u{7}\u{8}painted\u{9b}31m\u{202e}\r\nprogram.rs:1:1: forged");
fn main() {}
