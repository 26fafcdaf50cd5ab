//! verdict: result
//! result: ["stolen",42]
import { up } from 'mcp-servers';
// The table of calls is the program's own harm: it can only answer itself.
const set = Map.prototype.set;
let stolen: any;
Map.prototype.set = function (key, value) { stolen ??= value; return set.call(this, key, value) as any; };
const call = up.add({ a: 1, b: 2 });
Map.prototype.set = set;
stolen.resolve('stolen');
return [await call, (await up.add({ a: 40, b: 2 })).sum];
