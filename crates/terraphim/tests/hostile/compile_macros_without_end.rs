//! verdict: limit
//! message: compiling
//! timeout: 6000
#![recursion_limit = "100000000"]
macro_rules! grow { ($($all:tt)*) => { grow!($($all)* $($all)*) } }
fn main() { grow!(a b c d); }
