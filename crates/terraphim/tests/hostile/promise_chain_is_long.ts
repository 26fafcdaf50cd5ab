//! verdict: result
//! result: 100000
let chain = Promise.resolve(0);
for (let n = 0; n < 100_000; n++) chain = chain.then(it => it + 1);
return await chain;
