// Fills memory with a mark and lets go of it.
let kept: Uint8Array[] = [];
for (let n = 0; n < 40; n++) kept.push(new Uint8Array(1 << 20).fill(0x5a));
const text = 'ZZZZZZZZ'.repeat(1 << 17);
kept = [];
return text.length
