// expect: {"kind":"arguments","foreign":false,"hint":false}
import { up } from 'mcp-servers';
const given = { a: 1 };
const error: any = await up.add(given).catch((error: unknown) => error);
return { kind: error.kind, foreign: JSON.stringify(error).includes('of A') || error.message.includes('of A'), hint: 'hint' in ToolError.prototype }
