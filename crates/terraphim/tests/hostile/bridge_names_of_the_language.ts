//! verdict: result
//! result: [null,null,null,null,null]
import { up } from 'mcp-servers';
return ['then', 'toJSON', 'constructor', '__proto__', 'prototype'].map(name => name === '__proto__' ? Object.getPrototypeOf(up) : (up as any)[name] ?? null);
