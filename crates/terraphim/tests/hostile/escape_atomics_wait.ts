//! verdict: runtime
//! message: TypeError
//! timeout: 2000
const shared = new Int32Array(new SharedArrayBuffer(8));
return Atomics.wait(shared, 0, 0, 60_000);
