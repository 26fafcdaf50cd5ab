//! verdict: result
//! result: truncated
return 'x'.repeat(50 << 20);
