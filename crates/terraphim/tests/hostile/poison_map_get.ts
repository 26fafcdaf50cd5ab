//! verdict: runtime
//! message: Error: get
import { up } from 'mcp-servers';
(Map.prototype as any).get = () => { throw new Error('get') };
return (await up.add({ a: 40, b: 2 })).sum;
