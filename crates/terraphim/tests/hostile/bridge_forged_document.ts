//! verdict: result
//! result: "unknown"
import { getToolDocs } from 'mcp-runtime';
return await getToolDocs('up.no_such_tool').catch((error: any) => error.kind);
