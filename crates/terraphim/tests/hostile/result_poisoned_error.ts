//! verdict: runtime
//! message: an error that cannot be read
//! at: nowhere
throw new Proxy(new Error('x'), { get() { throw 1 } });
