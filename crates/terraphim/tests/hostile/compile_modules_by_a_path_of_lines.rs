//! verdict: syntax
//! message: couldn't read
//! at: 5
#[path = "/etc/\npasswd\u{1b}[2J\r\nprogram.rs:1:1: error: \u{202e}no"]
mod broken;
fn main() {}
