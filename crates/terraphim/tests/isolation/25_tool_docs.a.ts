// Changes a tool's document.
import { getToolDocs } from 'mcp-runtime';
const docs: any = await getToolDocs('up.add');
for (const name of Object.keys(docs)) docs[name] = 'of A';
await getToolDocs(['up.add', 'up.of_A', 'nothing.at_all']);
return 1
