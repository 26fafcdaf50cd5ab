//! verdict: result
//! result: 42
import { up } from 'mcp-servers';
for (const name of Reflect.ownKeys(globalThis)) { try { delete (globalThis as any)[name]; } catch {} }
return (await up.add({ a: 40, b: 2 })).sum;
