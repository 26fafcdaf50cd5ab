//! verdict: runtime
//! message: RangeError: no keys
//! at: 4:46
return new Proxy({}, { ownKeys() { throw new RangeError("no keys") } });
