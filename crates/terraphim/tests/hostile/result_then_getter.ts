//! verdict: result
//! result: "once"
let asked = 0;
return { get then() { asked++; return undefined; }, toJSON: () => asked === 1 ? 'once' : asked };
