//! verdict: runtime
//! message: Error: here
//! at: 6:11
const a = 1;«U+2028»const b = 2;«U+2029»throw new Error("here");
