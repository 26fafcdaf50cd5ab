// Fills all the memory it has.
// ends: limit
// memory_mb: 24
const held: unknown[] = [];
for (;;) held.push(new Array(10_000).fill(7));
