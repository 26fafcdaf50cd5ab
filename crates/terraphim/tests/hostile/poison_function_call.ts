//! verdict: result
//! result: 42
import { up } from 'mcp-servers';
(Function.prototype as any).call = (Function.prototype as any).apply = (Function.prototype as any).bind = () => { throw new Error('call') };
return (await up.add({ a: 40, b: 2 })).sum;
