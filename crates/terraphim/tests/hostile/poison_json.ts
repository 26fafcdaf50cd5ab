//! verdict: result
//! result: 42
import { up } from 'mcp-servers';
JSON.stringify = (() => '{}') as any;
JSON.parse = (() => ({})) as any;
(globalThis as any).JSON = undefined;
return (await up.add({ a: 40, b: 2 })).sum;
