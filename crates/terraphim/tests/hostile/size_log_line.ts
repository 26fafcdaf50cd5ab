//! verdict: result
//! result: 1
//! logs: bytes more
for (let n = 0; n < 50; n++) console.log('x'.repeat(1 << 20));
return 1;
