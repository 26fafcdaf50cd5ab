//! verdict: limit
//! message: the program ran longer than its limit of 0.4 s
//! says: look for a loop
//! timeout: 400
return 'x'.repeat(100_000_000).includes('y'.repeat(3));
