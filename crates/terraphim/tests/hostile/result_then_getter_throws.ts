//! verdict: runtime
//! message: Error: then
return { get then() { throw new Error('then') } };
