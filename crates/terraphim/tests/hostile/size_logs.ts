//! verdict: result
//! result: 200000
//! logs: line 0
//! logs: lines left out
//! logs: line 199999
for (let n = 0; n < 200_000; n++) console.log(`line ${n}`);
return 200_000;
