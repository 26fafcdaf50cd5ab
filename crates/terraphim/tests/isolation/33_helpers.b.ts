// logs: "heard\n"
// expect: {"groups":{"1":[1],"2":[2,2]},"top":[2],"copied":{"a":1},"heard":"undefined","name":"ToolError"}
console.log('heard');
await new Promise(done => setTimeout(done, 1));
return {
  groups: groupBy([1, 2, 2], n => n),
  top: topN([1, 2], 1),
  copied: structuredClone({ a: 1 }),
  heard: typeof (globalThis as any).heard,
  name: ToolError.prototype.name,
}
