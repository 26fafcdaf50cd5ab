// Puts names into the global object in every way there is.
var declared = 'a';
(globalThis as any).assigned = 'a';
Object.defineProperty(globalThis, 'fixed', { value: 'a' });
(0, eval)('var evaluated = 1; function evaluatedToo() {}; let lexical = 2');
new Function('undeclared = 3')();
return Object.keys(globalThis).length
