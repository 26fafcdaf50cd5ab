//! verdict: limit
//! message: the program used more than its 32 MiB of memory
//! says: work on less data at a time
//! memory: 32
return 'x'.repeat(2 ** 29).length;
