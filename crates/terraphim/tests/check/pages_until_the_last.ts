// Goes through pages until there are no more.
import { up } from 'mcp-servers';

interface Page {
  items: { id: number; label: string }[];
  next?: number;
}

async function page(from: number): Promise<Page> {
  const items = await up.list_items({ count: 7 });
  const rest = items.slice(from, from + 3);
  return from + 3 < items.length ? { items: rest, next: from + 3 } : { items: rest };
}

const all: Page['items'] = [];
let cursor: number | undefined = 0;
while (cursor !== undefined) {
  const { items, next }: Page = await page(cursor);
  all.push(...items);
  cursor = next;
}
return { count: all.length, last: all.at(-1)?.label };
