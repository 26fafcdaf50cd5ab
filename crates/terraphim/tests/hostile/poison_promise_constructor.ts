//! verdict: result
//! result: 42
import { up } from 'mcp-servers';
(Promise.prototype as any).constructor = function () { throw new Error('constructor') };
return (await up.add({ a: 40, b: 2 })).sum;
