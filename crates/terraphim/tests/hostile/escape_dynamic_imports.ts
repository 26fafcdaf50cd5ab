//! verdict: result
//! result: ["there is no module 'fs'","there is no module ''","there is no module '../../etc/passwd'","there is no module 'data:text/javascript,1'","there is no server `__proto__`","there is no server ``","there is no module '[object Object]'","there is no module 'null'"]
const odd: any[] = ['fs', '', '../../etc/passwd', 'data:text/javascript,1', 'mcp-servers/__proto__', 'mcp-servers/', {}, null];
const told = (specifier: any) => import(specifier).then(() => 'it exists', error => error.message);
return await Promise.all(odd.map(told));
