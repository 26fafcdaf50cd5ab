//! verdict: syntax
//! message: /etc/passwd
//! only: x86_64
use std::arch::global_asm;
global_asm!(".globl stolen", "stolen:", ".incbin \"/etc/passwd\"", ".incbin \"/proc/1/environ\"");
fn main() {}
