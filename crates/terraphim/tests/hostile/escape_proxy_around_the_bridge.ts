//! verdict: result
//! result: ["TypeError: proxy: inconsistent get",["get"]]
import { up } from 'mcp-servers';
const traps: string[] = [];
const wrap = (it: any): any => new Proxy(it, {
  get: (target, key) => { traps.push('get'); return wrap(target[key]); },
  apply: (target, _, given) => { traps.push('apply'); return Reflect.apply(target, undefined, given); },
});
let sum: unknown;
try { sum = (await wrap(up).add({ a: 40, b: 2 })).sum; } catch (error) { sum = String(error); }
return [sum, traps];
