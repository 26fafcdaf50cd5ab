// expect: [100,101,102,103,104,105,106,107,108,109]
import { up } from 'mcp-servers';
const slow = up.slow({ ms: 300 });
const sums = await Promise.all(Array.from({ length: 10 }, (_, n) => up.add({ a: 100, b: n })));
await slow;
return sums.map(reply => reply.sum)
