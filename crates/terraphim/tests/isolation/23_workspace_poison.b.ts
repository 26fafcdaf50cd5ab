// expect: {"leak":false,"own":["__proto__","constructor","length","then","toJSON"],"plain":true}
import { workspace } from 'mcp-runtime';
while (!(await workspace.list()).includes('poison-23')) await new Promise(done => setTimeout(done, 5));
const [loaded] = await workspace.loadData('poison-23');
return {
  leak: 'leak' in {} || 'leak' in loaded,
  own: Object.keys(loaded).sort(),
  plain: Object.getPrototypeOf(loaded) === Object.prototype,
}
