//! verdict: runtime
//! message: a symbol: return a text
//! at: nowhere
return { it: Symbol('x') };
