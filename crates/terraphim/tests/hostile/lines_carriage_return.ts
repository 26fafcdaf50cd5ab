//! verdict: runtime
//! message: Error: here
//! at: 6:11
const a = 1;«U+D»const b = 2;«U+D»throw new Error("here");«U+D»
