//! verdict: runtime
//! message: Error: xxxx
//! at: 4
throw new Error('x'.repeat(10 << 20));
