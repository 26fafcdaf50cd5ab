//! verdict: runtime
//! message: ToolError: not allowed
import { ToolError } from 'mcp-runtime';
throw new ToolError({ kind: 'denied', message: 'not allowed' } as any);
