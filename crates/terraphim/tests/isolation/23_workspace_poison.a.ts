// Saves data that would change a careless reader.
import { workspace } from 'mcp-runtime';
const poison = JSON.parse('{"__proto__":{"leak":1},"constructor":{"prototype":{"leak":1}},"then":1,"toJSON":1,"length":-1}');
await workspace.saveData('poison-23', [poison]);
return 1
