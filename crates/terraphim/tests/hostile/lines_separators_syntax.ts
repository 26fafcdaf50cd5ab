//! verdict: syntax
//! message: Unexpected token
//! at: 5:11
const a = 1;«U+2028»const b = ;
