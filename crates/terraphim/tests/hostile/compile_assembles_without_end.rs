//! verdict: limit
//! message: compil
//! timeout: 6000
//! only: x86_64
std::arch::global_asm!(".rept 1000000000", ".rept 1000000000", "nop", ".endr", ".endr");
fn main() {}
