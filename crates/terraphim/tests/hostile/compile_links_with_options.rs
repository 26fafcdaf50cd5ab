//! verdict: syntax
//! message: linking failed
#[link(name = "c -Wl,--dynamic-linker=/workspace/x -Wl,-T/etc/passwd")]
extern "C" {}
fn main() {}
