//! verdict: result
//! result: 42
import { up } from 'mcp-servers';
(globalThis as any).console.log = undefined;
return (await up.add({ a: 40, b: 2 })).sum;
