//! verdict: syntax
//! message: linking failed: unable to find library -l:/../../etc/passwd
#[link(name = "/../../etc/passwd", kind = "static", modifiers = "+verbatim")]
extern "C" {}
fn main() {}
