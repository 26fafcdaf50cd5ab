//! verdict: limit
//! message: MiB
//! timeout: 20000
//! only: x86_64
std::arch::global_asm!(".data", ".globl large", "large: .fill 900000000, 1, 7", ".text");
fn main() {}
