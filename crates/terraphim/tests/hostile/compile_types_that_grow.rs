//! verdict: syntax
//! message: recursion limit while instantiating
fn grow<T>(left: u32, of: T) { if left > 0 { grow(left - 1, (of, 1_u8)); } }
fn main() { grow(3, ()); }
