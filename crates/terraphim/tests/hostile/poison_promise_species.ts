//! verdict: result
//! result: 42
import { up } from 'mcp-servers';
Object.defineProperty(Promise, Symbol.species, { get() { throw new Error('species') } });
return (await up.add({ a: 40, b: 2 })).sum;
