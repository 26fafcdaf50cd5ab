//! verdict: result
//! result: 42
import { up } from 'mcp-servers';
(globalThis as any).Error = function () { throw 1 };
(Error as any).prototype = null;
return (await up.add({ a: 40, b: 2 })).sum;
