//! verdict: runtime
//! message: RangeError: Maximum call stack size exceeded
//! at: 5
function deep(n: number): number {
  return deep(n + 1) + 1;
}
return deep(0);
