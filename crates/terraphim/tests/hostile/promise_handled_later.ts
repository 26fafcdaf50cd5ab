//! verdict: result
//! result: ""
const late = Array.from({ length: 50 }, (_, n) => Promise.reject(new Error(String(n))));
await new Promise(resolve => setTimeout(resolve, 5));
for (const promise of late) await promise.catch(() => 0);
return '';
