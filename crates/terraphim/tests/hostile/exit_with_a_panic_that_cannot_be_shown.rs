//! verdict: runtime
//! message: ended by SIGABRT
struct Shy;
impl std::fmt::Display for Shy { fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { panic!("{Shy}") } }
fn main() { panic!("{Shy}"); }
