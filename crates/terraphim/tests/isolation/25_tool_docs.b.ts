// expect: {"same":true,"foreign":false}
import { getToolDocs } from 'mcp-runtime';
const [first, second] = [JSON.stringify(await getToolDocs('up.add')), JSON.stringify(await getToolDocs('up.add'))];
return { same: first === second && first.includes('add'), foreign: first.includes('of A') }
