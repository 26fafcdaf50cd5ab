//! verdict: syntax
//! message: 'with' statements are not allowed
//! at: 4:1
with ({}) {}
