// expect: {"first":"up.add","foreign":0}
import { searchTools } from 'mcp-runtime';
const found = await searchTools({ query: 'adds two numbers', server: 'up' });
const text = JSON.stringify(found);
return { first: found.tools[0].tool ?? found.tools[0].name, foreign: text.split('of A').length - 1 }
