//! verdict: syntax
//! message: a namespace cannot export a variable that changes
//! says: write `export const`
//! at: 5:26
namespace N { export let a = 1 }
return N;
