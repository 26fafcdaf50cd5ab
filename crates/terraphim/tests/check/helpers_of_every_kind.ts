// What is there without being imported.
const rows = [
  { k: 'a', n: 1, at: new Date(0) },
  { k: 'b', n: 2, at: new Date(1) },
  { k: 'a', n: 3, at: new Date(2) },
];
const groups = groupBy(rows, (row) => row.k);
const sums = Object.fromEntries(Object.entries(groups).map(([k, group]) => [k, sumBy(group, 'n')]));
const top: number[] = topN(rows, 2, 'n').map((row) => row.n);
const pairs = chunk(sortBy(rows, 'at', 'desc'), 2).map((pair) => pair.length);
const names = uniqBy(rows, 'k').map((row) => pick(row, ['k']).k);
const rest = omit(rows[0], ['at', 'n']);
const copy = structuredClone({ sums, names });
const began = performance.now();
await new Promise((done) => setTimeout(done, 1));
console.table(rows);
return { sums, top, pairs, names: copy.names, rest, counts: countBy(rows, 'k'), waited: performance.now() > began };
