//! verdict: syntax
//! message: Invalid Character `\u{0}`
//! at: 4:9
return 1«U+0»+ 1;
