//! verdict: runtime
//! message: the program waits for a promise that nothing can settle
import { up } from 'mcp-servers';
(Object.prototype as any).then = () => {};
return (await up.add({ a: 40, b: 2 })).sum;
