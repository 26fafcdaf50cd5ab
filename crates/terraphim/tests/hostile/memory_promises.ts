//! verdict: limit
//! message: the program used more than its 32 MiB of memory
//! says: work on less data at a time
//! memory: 32
const all = [];
for (let i = 0; i < 1_000_000; i++) all.push(new Promise(() => {}));
return all.length;
