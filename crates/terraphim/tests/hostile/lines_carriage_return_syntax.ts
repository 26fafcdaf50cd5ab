//! verdict: syntax
//! message: Unexpected token
//! at: 5:11
const a = 1;«U+D»const b = ;«U+D»
