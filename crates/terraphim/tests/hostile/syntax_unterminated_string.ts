//! verdict: syntax
//! message: Unterminated string
//! at: 4:11
const a = "abc
return a;
