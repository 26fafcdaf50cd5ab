//! verdict: runtime
//! message: Error: here
//! at: 5:11
const a = 1;«U+D»
throw new Error("here");«U+D»
