//! verdict: result
//! result: "no module loader"
try { await eval('import("mcp-servers")'); return 'it exists'; } catch (error) { return 'no module loader'; }
