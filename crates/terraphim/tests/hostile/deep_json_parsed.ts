//! verdict: runtime
//! message: Maximum call stack size exceeded
return JSON.parse('['.repeat(1_000_000));
