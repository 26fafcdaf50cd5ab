//! verdict: result
//! result: ["TypeError","TypeError","TypeError"]
import { up } from 'mcp-servers';
const kind = (attempt: () => unknown) => { try { attempt(); return 'nothing'; } catch (error) { return (error as Error).name; } };
return [kind(() => Object.setPrototypeOf(up, {})), kind(() => { delete (up as any).echo; }), kind(() => { (up.echo as any).raw = 1; })];
