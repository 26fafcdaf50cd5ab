//! verdict: result
//! result: 42
import { up } from 'mcp-servers';
Math.max = Math.min = Math.floor = () => NaN;
Date.now = () => NaN;
await new Promise(resolve => setTimeout(resolve, 1));
return (await up.add({ a: 40, b: 2 })).sum;
