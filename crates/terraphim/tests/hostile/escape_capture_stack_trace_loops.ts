//! verdict: result
//! result: "nothing"
const target: any = new Proxy({}, { defineProperty(it) { (Error as any).captureStackTrace(target); return true; } });
try { (Error as any).captureStackTrace(target); return 'nothing'; } catch (error) { return (error as Error).name; }
