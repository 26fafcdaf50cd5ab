//! verdict: result
//! result: 42
import { up } from 'mcp-servers';
(Promise.prototype as any).then = () => { throw new Error('then') };
return (await up.add({ a: 40, b: 2 })).sum;
