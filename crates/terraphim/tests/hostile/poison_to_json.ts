//! verdict: result
//! result: 42
import { up } from 'mcp-servers';
for (const it of [Object, Array, String, Number, Boolean])
  Object.defineProperty(it.prototype, 'toJSON', { value: undefined, configurable: true });
return (await up.add({ a: 40, b: 2 })).sum;
