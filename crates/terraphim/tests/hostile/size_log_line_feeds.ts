//! verdict: result
//! result: 1
//! logs: lines left out
for (let n = 0; n < 20; n++) console.warn('\n'.repeat(32_000));
return 1;
