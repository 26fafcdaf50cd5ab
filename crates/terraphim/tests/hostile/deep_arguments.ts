//! verdict: tool
//! message: the arguments cannot be read
//! says: nested at most 100 levels deep
import { up } from 'mcp-servers';
let value: unknown = 1;
for (let n = 0; n < 500; n++) value = [value];
return await up.echo({ value });
