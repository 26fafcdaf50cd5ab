// Uses most of its calls.
import { up } from 'mcp-servers';
for (let n = 0; n < 6; n++) await Promise.all(Array.from({ length: 100 }, () => up.add({ a: n, b: 1 })));
return 600
