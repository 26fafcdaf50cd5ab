//! verdict: result
//! result: ["resolve,reject",1]
import { up } from 'mcp-servers';
const seen: string[] = [];
const it = { get then() { return (...given: unknown[]) => { seen.push(given.map(() => '').length === 2 ? 'resolve,reject' : 'more'); (given[0] as any)(1); }; } };
const value = await it;
return [seen[0], value];
