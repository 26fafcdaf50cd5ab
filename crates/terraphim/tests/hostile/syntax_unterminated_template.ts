//! verdict: syntax
//! message: Unterminated
//! at: 4:11
const a = `abc
return a;
