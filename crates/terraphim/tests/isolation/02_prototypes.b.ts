// expect: {"seen":0,"names":0}
const values: any[] = [{}, [], '', 0, true, () => 0, Promise.resolve(), new Map(), new Set(), new Error(), /x/, new Date()];
let names = 0;
for (const value of values) for (const name in Object(value)) names++;
return { seen: values.filter(value => 'leak' in Object(value)).length, names }
