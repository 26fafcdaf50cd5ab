// Finds a tool, reads its document, and keeps what it learnt.
import { searchTools, getToolDocs, workspace } from 'mcp-runtime';

const { tools, total } = await searchTools({ query: 'add numbers', limit: 3, detail: 'brief' });
const names = tools.map((tool) => tool.name);
const page = await getToolDocs(names.slice(0, 2));
const one = await getToolDocs('up.add');
await workspace.saveData('found', { names, total });
const kept = await workspace.loadData('found');
const files = await workspace.list();
return { documents: page.docs.length, one: one.name, same: kept.total === total, files: files.length > 0 };
