//! verdict: runtime
//! message: RangeError: the result is nested too deeply: give flatter data
let value: unknown = 1;
for (let n = 0; n < 100_000; n++) value = [value];
return value;
