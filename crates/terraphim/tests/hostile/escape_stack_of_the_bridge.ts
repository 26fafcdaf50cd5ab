//! verdict: result
//! result: [true,true]
import { up } from 'mcp-servers';
let thrown: any;
try { (up as any).nothing; } catch (error) { thrown = error; }
(Error as any).stackTraceLimit = 1000;
return [typeof thrown.stack === 'string', !/native|memory|0x/.test(thrown.stack)];
