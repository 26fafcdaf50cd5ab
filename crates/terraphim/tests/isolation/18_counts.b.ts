// The calls of another run are not counted against it, nor in what it used.
// calls: 601
// expect: {"answered":601,"refused":[]}
import { up } from 'mcp-servers';
let answered = 0;
const refused: string[] = [];
const count = () => up.add({ a: 1, b: 1 }).then(() => answered++, error => refused.push(error.message));
for (let n = 0; n < 6; n++) await Promise.all(Array.from({ length: 100 }, count));
await count();
return { answered, refused: refused.slice(0, 2) }
