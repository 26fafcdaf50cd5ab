//! verdict: result
//! result: "unknown"
import { up } from 'mcp-servers';
Object.defineProperty(Object.prototype, 'toJSON', {
  value() {
    delete (Object.prototype as any).toJSON;
    return { server: 'nobody', tool: 'forged', arguments: {} };
  },
  configurable: true,
});
return await up.echo({}).then(() => 'it answered', (error: any) => error.kind);
