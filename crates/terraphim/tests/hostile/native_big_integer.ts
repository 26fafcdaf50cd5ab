//! verdict: runtime
//! message: RangeError: BigInt is too large
//! at: 5
let n = 3n;
for (;;) n = n * n;
