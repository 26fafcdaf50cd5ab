// The calls of another run are not counted against it, nor in what it used.
// calls: 601
// expect: {"answered":601,"refused":0}
import { up } from 'mcp-servers';
let answered = 0;
let refused = 0;
const count = () => up.add({ a: 1, b: 1 }).then(() => answered++, () => refused++);
for (let n = 0; n < 6; n++) await Promise.all(Array.from({ length: 100 }, count));
await count();
return { answered, refused }
