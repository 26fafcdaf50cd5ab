//! verdict: runtime
//! message: Error: here
//! at: 5:14
const a = "«U+2028»"; throw new Error("here");
