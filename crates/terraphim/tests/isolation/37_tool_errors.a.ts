// Fails with a tool's error, and changes it.
// ends: tool
import { up } from 'mcp-servers';
const error: any = await up.add({ a: 'text of A' }).catch((error: unknown) => error);
error.message = 'message of A';
error.hint = 'hint of A';
error.constructor.prototype.hint = 'hint of A';
throw error
