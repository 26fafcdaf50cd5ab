//! verdict: syntax
//! message: may not be used on the stable release channel [E0554]
#![feature(rustc_private, lang_items)]
fn main() {}
