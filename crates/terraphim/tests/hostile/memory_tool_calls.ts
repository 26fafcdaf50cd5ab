//! verdict: limit
//! message: the program used more than its 48 MiB of memory
//! says: work on less data at a time
//! memory: 48
//! timeout: 30000
import { up } from 'mcp-servers';
await Promise.all(Array.from({ length: 1_000_000 }, (_, a) => up.add({ a, b: 1 })));
