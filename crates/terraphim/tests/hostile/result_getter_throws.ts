//! verdict: runtime
//! message: Error: not for you
//! at: 4:35
return { get secret() { throw new Error("not for you") } };
