// Uses all of its stack.
// ends: runtime
const deeper = (n: number): number => deeper(n + 1) + 1;
return deeper(0)
