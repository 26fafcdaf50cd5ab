//! verdict: runtime
//! message: the result holds, at `[0]`, a promise: await it
//! at: nowhere
return [Promise.resolve(1)];
