//! verdict: result
//! result: 42
import { up } from 'mcp-servers';
for (const name of ['resolve', 'reject', 'site', 'about', 'server', 'tool', 'arguments', '0'])
  Object.defineProperty(Object.prototype, name, { set() { throw new Error(name) }, configurable: true });
return (await up.add({ a: 40, b: 2 })).sum;
