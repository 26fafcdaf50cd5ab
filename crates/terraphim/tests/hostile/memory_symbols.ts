//! verdict: limit
//! message: the program used more than its 32 MiB of memory
//! says: work on less data at a time
//! memory: 32
const held = [];
for (let i = 0; ; i++) held.push(Symbol.for(`symbol ${i}`));
