//! verdict: limit
//! message: MiB of arguments waiting for their turn
//! says: await calls in groups
import { up } from 'mcp-servers';
const text = 'x'.repeat(7 << 20);
for (let i = 0; i < 900; i++) void up.echo({ text });
await new Promise(() => {});
