//! verdict: limit
//! message: the program used more than its 32 MiB of memory
//! says: work on less data at a time
//! memory: 32
const buffers = [];
for (;;) buffers.push(new Float64Array(1 << 17).fill(1));
