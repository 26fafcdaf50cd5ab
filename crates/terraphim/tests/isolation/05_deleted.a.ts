// Deletes every global that can be deleted.
const { deleteProperty } = Reflect;
const world = globalThis;
let deleted = 0;
for (const name of Object.getOwnPropertyNames(world)) if (deleteProperty(world, name)) deleted++;
return deleted > 40
