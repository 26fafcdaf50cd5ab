// expect: {"counter":"undefined","held":"undefined","cached":false}
const later = import('mcp-servers/up');
const cached = 'cached' in later;
await later;
return { counter: (0, eval)('typeof counter'), held: (0, eval)('typeof held'), cached }
