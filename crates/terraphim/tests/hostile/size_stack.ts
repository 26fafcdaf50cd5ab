//! verdict: runtime
//! message: Error: deep
//! at: 5
function deep(n: number): number {
  if (n === 0) throw new Error('deep');
  return deep(n - 1) + 1;
}
deep(2_000);
