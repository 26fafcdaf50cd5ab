//! verdict: result
//! result: 42
import { up } from 'mcp-servers';
(WeakSet.prototype as any).add = (WeakSet.prototype as any).has = () => { throw new Error('weak') };
return (await up.add({ a: 40, b: 2 })).sum;
