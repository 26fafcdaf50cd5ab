// expect: {"sum":3,"text":"{\"a\":[1]}","mapped":[2,3],"called":"x","random":"number"}
import { up } from 'mcp-servers';
return {
  sum: (await up.add({ a: 1, b: 2 })).sum,
  text: JSON.stringify({ a: [1] }),
  mapped: [1, 2].map(n => n + 1),
  called: String.prototype.slice.call('xyz', 0, 1),
  random: typeof Math.random(),
}
