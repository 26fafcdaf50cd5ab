//! verdict: result
//! result: 42
import { up } from 'mcp-servers';
(Array.prototype as any)[Symbol.iterator] = function* () { yield 'poison'; };
Object.getPrototypeOf([][Symbol.iterator] ?? {});
return (await up.add({ a: 40, b: 2 })).sum;
