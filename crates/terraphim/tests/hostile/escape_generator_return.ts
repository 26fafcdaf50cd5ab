//! verdict: result
//! result: [1,"caught"]
function* inside() { try { yield 1; } finally { throw new Error('caught'); } }
const it = inside();
const first = it.next().value;
try { it.return(2 as never); return 'nothing'; } catch (error) { return [first, (error as Error).message]; }
