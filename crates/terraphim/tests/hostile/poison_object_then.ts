//! verdict: result
//! result: 42
import { up } from 'mcp-servers';
Object.defineProperty(Object.prototype, 'then', { value: undefined, configurable: true });
return (await up.add({ a: 40, b: 2 })).sum;
