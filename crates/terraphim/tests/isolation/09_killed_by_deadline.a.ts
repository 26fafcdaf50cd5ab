// Its deadline ends it while calls are under way.
// ends: limit
// timeout_ms: 300
import { up } from 'mcp-servers';
await Promise.all(Array.from({ length: 10 }, (_, n) => up.slow({ ms: 400 + n })));
return 'never'
