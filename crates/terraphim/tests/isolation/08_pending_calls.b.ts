// Only its own replies arrive, for the same ids, in the time in which those of A would.
// expect: {"echoed":[0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19],"mixed":0}
import { up } from 'mcp-servers';
const slow = up.slow({ ms: 200 });
const echoed = (await Promise.all(Array.from({ length: 20 }, (_, n) => up.echo({ n })))).map(reply => reply.n);
await slow;
const later = await Promise.all(Array.from({ length: 20 }, (_, n) => up.echo({ later: n })));
return { echoed, mixed: later.filter((reply, n) => reply.later !== n || 'n' in reply).length }
