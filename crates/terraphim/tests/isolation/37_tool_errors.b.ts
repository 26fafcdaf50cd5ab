// expect: {"kind":"arguments","foreign":false,"hint":false}
import { up } from 'mcp-servers';
const error: any = await up.add({ a: 1 }).catch((error: unknown) => error);
return { kind: error.kind, foreign: JSON.stringify(error).includes('of A') || error.message.includes('of A'), hint: 'hint' in ToolError.prototype }
