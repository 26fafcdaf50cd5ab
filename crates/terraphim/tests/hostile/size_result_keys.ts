//! verdict: result
//! result: truncated
return Object.fromEntries(Array.from({ length: 200_000 }, (_, i) => [`key ${i}`, i]));
