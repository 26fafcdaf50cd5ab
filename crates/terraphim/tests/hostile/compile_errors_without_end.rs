//! verdict: syntax
//! message: cannot find value `missing_0` in this scope [E0425]
//! at: 5:22
//! timeout: 20000
fn first() { let _ = missing_0; }
fn main() { «let _ = another_name_that_is_missing;×1500» }
