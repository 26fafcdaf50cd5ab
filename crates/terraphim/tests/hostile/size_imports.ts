//! verdict: result
//! result: 3
//! timeout: 3000
«import 'mcp-servers/up';×10000»
«import { add } from 'mcp-servers/up';×0»import { add } from 'mcp-servers/up';
return (await add({ a: 1, b: 2 })).sum;
