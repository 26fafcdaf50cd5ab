//! verdict: result
//! result: 42
import { up } from 'mcp-servers';
for (const name of ['map', 'filter', 'push', 'slice', 'sort', 'join', 'includes', 'every', 'forEach', 'concat'])
  (Array.prototype as any)[name] = () => { throw new Error(name) };
return (await up.add({ a: 40, b: 2 })).sum;
