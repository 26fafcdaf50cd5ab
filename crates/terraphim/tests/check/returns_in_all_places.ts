import { up } from 'mcp-servers';

const items = await up.list_items({ count: 3 });
if (items.length === 0) return;
if (items.length > 100) {
  return /* too many */;
}
for (const item of items) {
  if (item.id < 0) return // never
  switch (item.label) {
    case '': { return }
  }
}
const find = (id: number) => {
  for (const item of items) if (item.id === id) return item;
  return undefined;
};
label: while (true) {
  const found = find(items[0].id);
  if (!found) break label; else return { found: found.label, text: 'return' };
}
