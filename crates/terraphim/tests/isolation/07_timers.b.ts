// Numbers begin anew, and nothing of another run fires.
// expect: {"id":1,"second":2,"fired":["mine"]}
const fired: string[] = [];
const id = setTimeout(() => fired.push('mine'), 5);
const second = setTimeout(() => 0, 1);
await new Promise(done => setTimeout(done, 80));
return { id, second, fired }
