// expect: {"from":"A","list":[1,2,3]}
import { workspace } from 'mcp-runtime';
while (!(await workspace.list()).includes('shared-21')) await new Promise(done => setTimeout(done, 5));
return workspace.loadData('shared-21')
