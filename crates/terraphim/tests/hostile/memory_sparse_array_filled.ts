//! verdict: limit
//! timeout: 2000
//! memory: 32
const list: number[] = [];
list[2 ** 32 - 2] = 1;
return list.fill(0).length;
