//! verdict: result
//! result: 42
import { up } from 'mcp-servers';
Object.getPrototypeOf([].values()).next = () => { throw new Error('next') };
return (await up.add({ a: 40, b: 2 })).sum;
