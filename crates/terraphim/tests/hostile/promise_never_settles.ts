//! verdict: runtime
//! message: the program waits for a promise that nothing can settle
//! says: resolve or reject every promise
await new Promise(() => {});
