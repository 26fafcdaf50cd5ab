// Ends while calls are under way, whose replies come late.
import { up } from 'mcp-servers';
for (let n = 0; n < 20; n++) void up.slow({ ms: 100 + n, n: 'of A' });
await up.echo({ n: 'of A' });
return 1
