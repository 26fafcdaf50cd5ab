//! verdict: tool
//! message: up.fail failed: it failed on purpose
//! at: 7
import { up } from 'mcp-servers';
Object.defineProperty(Error.prototype, 'message', { get() { throw 1 } });
(globalThis as any).Error.prototype.toString = () => { throw 1 };
await up.fail({});
