// The same server under all its names.
import * as servers from 'mcp-servers';
import { up, up as renamed, 'odd-name' as odd } from 'mcp-servers';
import direct, { add, echo as say } from 'mcp-servers/up';
import type { up as Up } from 'mcp-servers';

const later = await import('mcp-servers/up');
const whole = await import('mcp-servers');
const args: Up.AddArgs = { a: 1, b: 2 };
const sums = await Promise.all([up.add(args), renamed.add(args), direct.add(args), add(args), later.add(args), whole.up.add(args)]);
const raw = await servers.up.add.raw(args);
await say({ text: 'x' });
await odd.echo({ text: 'y' });
const tool: 'add' | 'echo' = 'add';
const dynamic = await servers.up[tool]({ a: 2, b: 2 });
return { sums: sums.length, raw: raw.isError, dynamic: dynamic !== null };
