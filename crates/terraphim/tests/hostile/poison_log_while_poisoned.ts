//! verdict: result
//! result: 42
import { up } from 'mcp-servers';
(Array.prototype as any).map = () => ({ join: () => 'forged' });
(Array.prototype as any).join = () => 'forged';
console.log('seen');
return (await up.add({ a: 40, b: 2 })).sum;
