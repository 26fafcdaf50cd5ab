import { up } from 'mcp-servers';

async function* labels(count: number): AsyncGenerator<string> {
  for (const { label } of await up.list_items({ count })) yield label;
}

async function main() {
  const found: string[] = [];
  for await (const label of labels(3)) found.push(label.toUpperCase());
  const unique = [...new Set(found)].toSorted((a, b) => a.localeCompare(b));
  const grouped = Object.groupBy(unique, (label) => label[0]);
  const big = 2n ** 64n;
  using resource = { [Symbol.dispose]() { console.log('closed'); } };
  return { unique, groups: Object.keys(grouped).length, big, has: resource !== null };
}
