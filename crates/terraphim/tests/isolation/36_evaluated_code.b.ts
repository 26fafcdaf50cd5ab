// expect: {"evaluated":3,"made":7,"compiled":"undefined","recent":"undefined"}
return {
  evaluated: (0, eval)('1 + 2'),
  made: new Function('return 3 + 4')(),
  compiled: typeof (globalThis as any).compiledOfA,
  recent: typeof (globalThis as any).recent,
}
