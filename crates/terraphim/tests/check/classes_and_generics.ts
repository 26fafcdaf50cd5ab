import { up } from 'mcp-servers';

enum State { Open, Closed }
type Result<T, E = string> = { ok: true; value: T } | { ok: false; error: E };
abstract class Source<T> {
  readonly #seen = new Set<string>();
  constructor(protected readonly name: string, public state: State = State.Open) {}
  abstract read(): Promise<T[]>;
  async once(key: (item: T) => string): Promise<T[]> {
    const items = await this.read();
    return items.filter((item) => !this.#seen.has(key(item)) && this.#seen.add(key(item)));
  }
}
class Items extends Source<{ id: number; label: string }> {
  override async read() {
    return up.list_items({ count: 4 });
  }
}
const attempt = async <T,>(work: () => Promise<T>): Promise<Result<T>> => {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    return { ok: false, error: error.message as string };
  }
};
const source = new Items('items');
const first = await attempt(() => source.once((item) => item.label));
function isText(value: unknown): value is string {
  return typeof value === 'string';
}
const texts = [1, 'a', null].filter(isText) satisfies readonly string[];
export default { count: first.ok ? first.value.length : first.error, texts, state: State[source.state] };
