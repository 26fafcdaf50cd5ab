//! verdict: result
//! result: "RangeError"
const deep = (): number => deep() + 1;
try { deep(); } catch (error) { return (error as Error).name; }
