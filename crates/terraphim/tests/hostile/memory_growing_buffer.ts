//! verdict: limit
//! message: the program used more than its 32 MiB of memory
//! says: work on less data at a time
//! memory: 32
const buffer: any = new (ArrayBuffer as any)(8, { maxByteLength: 2 ** 30 });
for (;;) buffer.resize(buffer.byteLength * 2);
