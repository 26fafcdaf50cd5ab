//! verdict: syntax
//! message: Unterminated regular expression
//! at: 4:8
return /abc
