//! verdict: result
//! result: ["TypeError","TypeError","TypeError"]
import { up } from 'mcp-servers';
const kind = (read: () => unknown) => { try { return String(read()); } catch (error) { return (error as Error).name; } };
return [kind(() => (up.echo as any).caller), kind(() => (setTimeout as any).arguments), kind(() => (console.log as any).callee.caller)];
