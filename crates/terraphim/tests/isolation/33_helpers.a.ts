// Replaces the data helpers and the console.
for (const name of ['groupBy', 'countBy', 'sumBy', 'sortBy', 'topN', 'uniqBy', 'chunk', 'pick', 'omit']) {
  (globalThis as any)[name] = () => 'of A';
}
console.log = (...values: unknown[]) => { (globalThis as any).heard = values; };
(globalThis as any).setTimeout = (globalThis as any).structuredClone = () => 'of A';
(ToolError as any).prototype.name = 'of A';
return 1
