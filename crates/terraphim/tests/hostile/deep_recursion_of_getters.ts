//! verdict: runtime
//! message: RangeError: Maximum call stack size exceeded
const it = { get self(): unknown { return this.self; } };
return it.self;
