//! verdict: runtime
//! message: Error: here
//! at: 4:28
const a = "😀😀😀"; throw new Error("here");
