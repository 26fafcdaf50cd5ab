//! verdict: result
//! result: 1
//! logs: [warn] line 6: nobody handled the rejection of a promise: up.fail failed: it failed on purpose
import { up } from 'mcp-servers';
// Nobody awaits it.
void up.fail({});
await up.slow({ ms: 300 });
return 1;
