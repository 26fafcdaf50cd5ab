//! verdict: runtime
//! message: Error: plain
import { up } from 'mcp-servers';
for (const name of ['toWellFormed', 'slice', 'includes', 'toString', 'trim'])
  (String.prototype as any)[name] = () => { throw new Error(name) };
throw new Error('plain');
