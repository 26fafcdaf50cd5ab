//! verdict: limit
//! message: the program used more than its 32 MiB of memory
//! says: work on less data at a time
//! memory: 32
const map = new Map(), set = new Set();
for (let i = 0; ; i++) { map.set(i, {}); set.add({}); }
