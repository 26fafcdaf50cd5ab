//! verdict: syntax
//! message: /etc/passwd
//! only: x86_64
std::arch::global_asm!(".include \"/etc/passwd\"");
fn main() {}
