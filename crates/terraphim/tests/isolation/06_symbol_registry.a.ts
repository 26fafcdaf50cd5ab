// Uses the registry of symbols, which all realms of one interpreter share.
const shared = Symbol.for('isolation.06');
(globalThis as any)[shared] = 'a';
(Object.prototype as any)[shared] = 'a';
(Symbol as any).last = shared;
return Symbol.keyFor(shared)
