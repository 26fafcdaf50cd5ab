//! verdict: result
//! result: [42,42]
import { up } from 'mcp-servers';
const { get, set } = Map.prototype;
Map.prototype.set = function (key, value) { return set.call(this, typeof key === 'number' ? -key : key, value) as any; };
Map.prototype.get = function (key) { return get.call(this, typeof key === 'number' ? -key : key); };
const sums = [await up.add({ a: 40, b: 2 }), await up.add({ a: 2, b: 40 })];
return sums.map(one => one.sum);
