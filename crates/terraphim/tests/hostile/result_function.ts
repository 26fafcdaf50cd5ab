//! verdict: runtime
//! message: the result holds, at `a.b[1]`, a function: call it, or return its result
//! at: nowhere
return { a: { b: [1, () => 2] } };
