// logs: "one of B\n[warn] two of B\n"
// expect: 1
console.log('one of B');
console.warn('two of B');
return 1
