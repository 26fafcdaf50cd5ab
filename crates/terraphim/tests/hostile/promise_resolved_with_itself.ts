//! verdict: runtime
//! message: TypeError: promise self resolution
let resolve: any;
const promise = new Promise(it => { resolve = it; });
resolve(promise);
await promise;
