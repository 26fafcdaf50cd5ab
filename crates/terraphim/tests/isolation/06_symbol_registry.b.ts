// expect: {"global":null,"object":null,"last":null,"own":[]}
const shared = Symbol.for('isolation.06');
const own = [globalThis, Object.prototype].flatMap(holder => Object.getOwnPropertySymbols(holder).map(String));
return {
  global: (globalThis as any)[shared] ?? null,
  object: ({} as any)[shared] ?? null,
  last: (Symbol as any).last ?? null,
  own: own.filter(name => name.includes('isolation')),
}
