//! verdict: limit
//! message: the program ran longer than its limit of 0.4 s
//! says: look for a loop
//! timeout: 400
return 'a'.repeat(8_000_000).includes('a'.repeat(4_000_000) + 'b');
