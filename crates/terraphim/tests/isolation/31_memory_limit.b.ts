// Has all of its own memory.
// expect: 100
const held = Array.from({ length: 100 }, () => new Uint8Array(1 << 20));
return held.length
