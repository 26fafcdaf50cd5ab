//! verdict: runtime
//! message: RangeError: Maximum call stack size exceeded
//! at: 6
let value: unknown = 1;
for (let n = 0; n < 100_000; n++) value = [value];
return JSON.stringify(value).length;
