// Fails deep in functions of its own.
// ends: runtime
function nameOfA(n: number): number {
  if (n > 0) return nameOfA(n - 1) + 1;
  throw new Error('message of A');
}
return nameOfA(20)
