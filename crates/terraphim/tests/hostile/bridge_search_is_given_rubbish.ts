//! verdict: result
//! result: ["arguments","arguments",true]
import { searchTools } from 'mcp-runtime';
const told = (query: any) => searchTools(query).then(() => 'it answered', (error: any) => error.kind);
return [await told({ limit: -1 }), await told({ capabilities: 'x' }), typeof (await searchTools('x'.repeat(1 << 20)) as any).total === 'number'];
