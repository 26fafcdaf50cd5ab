//! verdict: runtime
//! message: the program threw undefined
//! at: nowhere
throw undefined;
