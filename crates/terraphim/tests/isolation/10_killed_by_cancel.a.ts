// The client cancels it while calls are under way.
// ends: cancel
// timeout_ms: 120000
import { up } from 'mcp-servers';
await Promise.all(Array.from({ length: 4 }, (_, n) => up.slow({ ms: 110_000 + n })));
return 'never'
