// expect: [200,201,202,203]
import { up } from 'mcp-servers';
const sums = await Promise.all(Array.from({ length: 4 }, (_, n) => up.add({ a: 200, b: n })));
return sums.map(reply => reply.sum)
