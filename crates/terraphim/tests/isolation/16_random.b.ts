// expect: {"common":0,"constant":false,"unit":true}
import { workspace } from 'mcp-runtime';
while (!(await workspace.list()).includes('random-16')) await new Promise(done => setTimeout(done, 5));
const theirs = new Set(await workspace.loadData('random-16'));
const mine = Array.from({ length: 500 }, () => Math.random());
return {
  common: mine.filter(number => theirs.has(number)).length,
  constant: mine.every(number => number === 0.5),
  unit: mine.every(number => number >= 0 && number < 1),
}
