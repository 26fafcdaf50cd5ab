// expect: {"has":[true,true,true],"unknown":"ToolError","sum":5}
const up = await import('mcp-servers/up');
let unknown = '';
try {
  up.ofA({});
} catch (error) {
  unknown = (error as Error).name;
}
return { has: ['echo', 'add', 'slow'].map(name => name in up), unknown, sum: (await up.add({ a: 2, b: 3 })).sum }
