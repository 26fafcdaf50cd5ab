//! verdict: result
//! result: [8,7]
const shared = new Int32Array(new SharedArrayBuffer(8));
Atomics.store(shared, 0, 7);
return [shared.byteLength, Atomics.load(shared, 0)];
