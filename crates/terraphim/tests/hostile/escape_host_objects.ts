//! verdict: result
//! result: ["undefined","undefined","undefined","undefined","undefined","undefined","undefined","undefined","undefined","undefined"]
const names = ['require', 'process', 'module', 'std', 'os', 'bjson', 'fetch', 'Deno', 'print', 'scriptArgs'];
return names.map(name => typeof (globalThis as any)[name]);
