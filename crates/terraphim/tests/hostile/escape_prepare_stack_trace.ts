//! verdict: result
//! result: ["TypeError","string",null]
let seen: unknown = null;
let set = 'no';
try { (Error as any).prepareStackTrace = (_: unknown, frames: unknown[]) => { seen = frames; return frames; }; } catch (error) { set = (error as Error).name; }
const stack = new Error('x').stack;
return [set, typeof stack, seen];
