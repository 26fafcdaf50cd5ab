//! verdict: result
//! result: [1,2,1]
namespace N { export const a = 1; export function f() { return a + 1; } }
namespace N { export const b = N.a; }
return [N.a, N.f(), N.b];
