//! verdict: result
//! result: 42
import { up } from 'mcp-servers';
for (const name of ['keys', 'entries', 'freeze', 'create', 'defineProperty', 'hasOwn', 'assign'])
  (Object as any)[name] = () => { throw new Error(name) };
return (await up.add({ a: 40, b: 2 })).sum;
