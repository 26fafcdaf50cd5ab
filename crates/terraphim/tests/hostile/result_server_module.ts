//! verdict: result
//! result: {"echo":null}
import { up } from 'mcp-servers';
try { JSON.stringify(up); return { echo: null }; } catch { return 'it threw'; }
