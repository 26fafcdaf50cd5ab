// Written without a single type.
import { up } from 'mcp-servers';

const seen = {};
seen.first = true;
const byLabel = {};
const list = [];
function remember(item, index) {
  byLabel[item.label] = index;
  list.push({ ...item, index });
  return this === undefined;
}
const items = await up.list_items({ count: 5 });
items.forEach((item, index) => remember(item, index));
let best = null;
for (const item of list) {
  if (!best || item.id > best.id) best = item;
}
var counted = 0;
list.map(({ id }) => (counted += id));
return { seen, labels: Object.keys(byLabel).length, best: best.label, counted };
