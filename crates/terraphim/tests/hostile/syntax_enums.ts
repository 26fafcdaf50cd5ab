//! verdict: result
//! result: [1,"Y",2,3]
enum A { X = 1, Y }
const enum B { Z = 2 }
namespace N { export enum C { W = 3 } }
return [A.X, A[2], B.Z, N.C.W];
