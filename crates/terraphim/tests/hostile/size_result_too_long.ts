//! verdict: limit
//! message: the result has 73400322 bytes, its limit is 67108864
//! says: return a summary
return 'x'.repeat(70 << 20);
