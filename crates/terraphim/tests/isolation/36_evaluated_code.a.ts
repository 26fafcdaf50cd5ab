// Makes functions of text, in the global scope.
(0, eval)('function compiledOfA() { return "of A" } var recent = compiledOfA');
const made = new Function('return this.recent = function () { return "of A" }');
made.call(globalThis);
(globalThis as any).eval = () => 'of A';
(globalThis as any).Function = () => () => 'of A';
return 1
