//! verdict: result
//! result: 1
//! logs: [...]
let value: unknown = 1;
for (let n = 0; n < 100_000; n++) value = [value];
console.log(value);
return 1;
