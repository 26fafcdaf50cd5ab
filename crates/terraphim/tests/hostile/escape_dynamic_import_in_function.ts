//! verdict: result
//! result: "no module loader"
try { await new Function('return import("fs")')(); return 'it exists'; } catch (error) { return 'no module loader'; }
