//! verdict: result
//! result: ["arguments","arguments","arguments"]
import { up } from 'mcp-servers';
const kinds: string[] = [];
for (const forged of [null, 'text', { server: 1, tool: [], arguments: 'none' }]) {
  Object.defineProperty(Object.prototype, 'toJSON', { value: () => forged, configurable: true });
  const told = await up.echo({}).then(() => 'it answered', (error: any) => error.kind);
  delete (Object.prototype as any).toJSON;
  kinds.push(told);
}
return kinds;
