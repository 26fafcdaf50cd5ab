//! verdict: result
//! result: 42
import { up } from 'mcp-servers';
for (const name of ['kind', 'message', 'hint', 'server', 'tool', 'raw', 'error', 'extra', 'name'])
  Object.defineProperty(Object.prototype, name, { value: 'poison', writable: true, configurable: true });
return (await up.add({ a: 40, b: 2 })).sum;
