//! verdict: result
//! result: 42
import { up } from 'mcp-servers';
for (const name of Object.getOwnPropertyNames(globalThis)) Object.freeze((globalThis as any)[name]?.prototype);
Object.freeze(globalThis);
return (await up.add({ a: 40, b: 2 })).sum;
