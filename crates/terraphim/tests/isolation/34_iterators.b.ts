// expect: {"spread":[1,2],"loop":[1,2],"generated":[3,4],"destructured":[5,6]}
const loop = [];
for (const n of [1, 2]) loop.push(n);
const generate = function* () { yield 3; yield 4; };
const [first, second] = [5, 6];
return { spread: [...[1, 2]], loop, generated: [...generate()], destructured: [first, second] }
