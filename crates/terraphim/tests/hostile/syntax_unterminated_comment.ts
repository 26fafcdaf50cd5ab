//! verdict: syntax
//! message: Unterminated multiline comment
//! at: 4:10
return 1 /* abc
