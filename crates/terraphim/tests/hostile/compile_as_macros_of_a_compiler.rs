//! verdict: syntax
//! message: E0463
extern crate proc_macro;
extern crate rustc_driver;
fn main() {}
