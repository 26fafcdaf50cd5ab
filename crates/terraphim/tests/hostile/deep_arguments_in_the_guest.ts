//! verdict: tool
//! message: the arguments are not JSON: Maximum call stack size exceeded
//! says: pass plain values
import { up } from 'mcp-servers';
let value: unknown = 1;
for (let n = 0; n < 100_000; n++) value = [value];
return await up.echo({ value });
