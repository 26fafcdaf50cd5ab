//! verdict: syntax
//! message: linking failed
// The source would be a script of the linker, if that found it.
#[link(name = ":program.rs", kind = "dylib")]
extern "C" {}
/* INPUT(/etc/passwd) */
fn main() {}
