// expect: 3000
const deep = (n: number): number => (n === 0 ? 0 : deep(n - 1) + 1);
return deep(3000)
