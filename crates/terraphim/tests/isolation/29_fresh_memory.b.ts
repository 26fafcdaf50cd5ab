// expect: {"marked":0,"bytes":41943040}
let marked = 0;
let bytes = 0;
for (let n = 0; n < 40; n++) {
  const piece = new Uint8Array(1 << 20);
  bytes += piece.length;
  if (piece.some(byte => byte !== 0)) marked++;
}
return { marked, bytes }
