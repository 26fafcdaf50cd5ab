«U+FEFF»//! verdict: runtime
//! message: Error: here
//! at: 4:11
throw new Error("here");
