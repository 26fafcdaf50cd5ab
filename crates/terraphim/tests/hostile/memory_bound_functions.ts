//! verdict: limit
//! message: the program used more than its 32 MiB of memory
//! says: work on less data at a time
//! memory: 32
// Each has a name that is longer than the one before.
let f = () => 1;
for (let n = 0; n < 50_000; n++) f = f.bind(null);
return f();
