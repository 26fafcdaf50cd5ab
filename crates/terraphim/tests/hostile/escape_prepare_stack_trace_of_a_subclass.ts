//! verdict: result
//! result: [null,"string"]
let seen: unknown = null;
class Mine extends Error { static prepareStackTrace(_: unknown, frames: unknown[]) { seen = frames.length; return 'x'; } }
const it: any = {};
(Error as any).captureStackTrace(it, setTimeout);
void new Mine('x').stack;
return [seen, typeof it.stack];
