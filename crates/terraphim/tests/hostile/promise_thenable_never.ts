//! verdict: runtime
//! message: the program waits for a promise that nothing can settle
return { then() {} };
