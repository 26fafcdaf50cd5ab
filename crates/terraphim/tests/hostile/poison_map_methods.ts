//! verdict: result
//! result: 42
import { up } from 'mcp-servers';
for (const name of ['has', 'forEach'])
  (Map.prototype as any)[name] = () => { throw new Error(name) };
for (const name of ['add', 'has'])
  (Set.prototype as any)[name] = () => { throw new Error(name) };
return (await up.add({ a: 40, b: 2 })).sum;
