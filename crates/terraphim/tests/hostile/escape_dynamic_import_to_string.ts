//! verdict: result
//! result: "Error: to string"
const odd: any = { toString() { throw new Error('to string') } };
try { await import(odd); return 'nothing'; } catch (error) { return String(error); }
