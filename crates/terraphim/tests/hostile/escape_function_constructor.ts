//! verdict: result
//! result: ["undefined","undefined",false]
const F = (async () => {}).constructor as any;
const G = (function* () {}).constructor as any;
const native = new Function('return typeof native')();
const pending = await new F('return typeof pending')();
const isGlobal = new G('yield this === undefined')().next().value;
return [native, pending, isGlobal];
