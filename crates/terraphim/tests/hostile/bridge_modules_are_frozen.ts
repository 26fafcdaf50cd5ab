//! verdict: result
//! result: [true,true,true,"TypeError","TypeError","TypeError"]
import { up } from 'mcp-servers';
import * as runtime from 'mcp-runtime';
const kind = (attempt: () => unknown) => { try { attempt(); return 'nothing'; } catch (error) { return (error as Error).name; } };
return [Object.isFrozen(up.echo), Object.isFrozen(runtime), Object.isFrozen(runtime.workspace),
  kind(() => { (up as any).echo = 1; }), kind(() => { (runtime as any).searchTools = 1; }), kind(() => Object.defineProperty(up, 'more', { value: 1 }))];
