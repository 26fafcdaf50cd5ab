// What a TypeScript program finds beside the language itself.

interface Console {
  debug(...values: any[]): void;
  log(...values: any[]): void;
  info(...values: any[]): void;
  warn(...values: any[]): void;
  error(...values: any[]): void;
  table(...values: any[]): void;
  dir(...values: any[]): void;
  trace(...values: any[]): void;
}
declare var console: Console;

declare var performance: { now(): number; readonly timeOrigin: number };
declare function setTimeout(callback: (...rest: any[]) => unknown, delay?: number, ...rest: any[]): number;
declare function setInterval(callback: (...rest: any[]) => unknown, delay?: number, ...rest: any[]): number;
declare function clearTimeout(timer?: number): void;
declare function clearInterval(timer?: number): void;
declare function structuredClone<T>(value: T): T;
declare function queueMicrotask(callback: () => unknown): void;

// A program that looks at both is right without having asked which it is.
interface PromiseFulfilledResult<T> {
  reason?: any;
}
interface PromiseRejectedResult {
  value?: any;
}

interface DOMException extends Error {
  readonly code: number;
}
declare var DOMException: { new (message?: string, name?: string): DOMException; readonly prototype: DOMException };
declare var InternalError: ErrorConstructor;

/** What a failed call of a tool throws. */
interface ToolError extends Error {
  server?: string;
  tool?: string;
  kind?: string;
  hint?: string;
}
declare var ToolError: { new (details: any): ToolError; readonly prototype: ToolError };

/** The name of a property, or a function of an item. */
type TerraphimBy<T> = keyof T | (string & {}) | number | ((item: T) => any);

declare function groupBy<T>(list: Iterable<T>, by: TerraphimBy<T>): { [key: string]: T[] };
declare function countBy<T>(list: Iterable<T>, by: TerraphimBy<T>): { [key: string]: number };
declare function sumBy<T>(list: Iterable<T>, by: TerraphimBy<T>): number;
declare function sortBy<T>(list: Iterable<T>, by: TerraphimBy<T>, direction?: string): T[];
declare function topN<T>(list: Iterable<T>, n: number, by?: TerraphimBy<T>): T[];
declare function uniqBy<T>(list: Iterable<T>, by: TerraphimBy<T>): T[];
declare function chunk<T>(list: ArrayLike<T>, size: number): T[][];
declare function pick<T extends object, K extends keyof T>(item: T, names: readonly K[]): Pick<T, K>;
declare function pick(item: object, names: readonly string[]): any;
declare function omit<T extends object, K extends keyof T>(item: T, names: readonly K[]): Omit<T, K>;
declare function omit(item: object, names: readonly string[]): any;

declare module 'mcp-runtime' {
  interface ToolQuery {
    query?: string;
    category?: string;
    capabilities?: readonly string[];
    server?: string;
    detail?: string;
    limit?: number;
    offset?: number;
    maxTokens?: number;
  }
  /** Finds tools by what they do. */
  const searchTools: (query?: string | ToolQuery) => Promise<{ tools: any[]; total: number; [key: string]: any }>;
  /** Documents of tools: that of one name, or all of a list. */
  const getToolDocs: {
    (name: string): Promise<any>;
    (names: readonly string[]): Promise<{ docs: any[]; unknown: any[]; [key: string]: any }>;
  };
  const workspace: {
    saveData(name: string, value: any): Promise<any>;
    loadData(name: string): Promise<any>;
    list(): Promise<any>;
    checkpoint(name: string): Promise<any>;
    checkpoints(): Promise<any>;
    restore(name: string): Promise<any>;
  };
  const ToolError: typeof globalThis.ToolError;
  type ToolError = InstanceType<typeof globalThis.ToolError>;
  const groupBy: typeof globalThis.groupBy;
  const countBy: typeof globalThis.countBy;
  const sumBy: typeof globalThis.sumBy;
  const sortBy: typeof globalThis.sortBy;
  const topN: typeof globalThis.topN;
  const uniqBy: typeof globalThis.uniqBy;
  const chunk: typeof globalThis.chunk;
  const pick: typeof globalThis.pick;
  const omit: typeof globalThis.omit;
}
