//! verdict: result
//! result: 42
import { up } from 'mcp-servers';
const poison: any = () => { throw new Error('promise') };
Promise.resolve = Promise.reject = Promise.all = poison;
(globalThis as any).Promise = poison;
return (await up.add({ a: 40, b: 2 })).sum;
