//! verdict: result
//! result: 200000
//! logs: nobody handled the rejection of a promise: the program has used all of its 1000 tool calls
//! logs: nobody handled the rejection of 198990 more promises
//! logs: 1000 calls were still under way when the program ended
//! memory: 64
//! timeout: 30000
import { up } from 'mcp-servers';
for (let a = 0; a < 200_000; a++) void up.echo({ a });
return 200_000;
