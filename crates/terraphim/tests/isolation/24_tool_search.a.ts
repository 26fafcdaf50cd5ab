// Changes the answer of a tool search, which the host keeps an index for.
import { searchTools } from 'mcp-runtime';
const found = await searchTools({ query: 'adds two numbers', server: 'up' });
found.tools[0].name = 'of A';
found.tools.push({ name: 'of A' });
await searchTools('qwertz of A '.repeat(50));
return found.tools.length > 1
