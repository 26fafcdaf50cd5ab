//! verdict: result
//! result: "arguments"
import { up } from 'mcp-servers';
Object.defineProperty(Object.prototype, 'toJSON', { value: () => undefined, configurable: true });
const told = await up.echo({}).then(() => 'it answered', (error: any) => error.kind);
delete (Object.prototype as any).toJSON;
return told;
