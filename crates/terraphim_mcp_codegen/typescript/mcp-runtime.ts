/** What programs import from 'mcp-runtime'. The helpers and `ToolError` are also there without import. */

/** The whole reply of a tool. */
export type RawReply = {
  content: { type: string; [key: string]: unknown }[];
  structuredContent?: unknown;
  isError: boolean;
};

/** How much is told of each tool that is found. */
export type Detail = 'name' | 'brief' | 'full';

export type ToolQuery = {
  query?: string;
  category?: string;
  /** Any of them will do. */
  capabilities?: string | string[];
  server?: string;
  detail?: Detail;
  limit?: number;
  /** How many of the best are left out, to page on. */
  offset?: number;
  maxTokens?: number;
};

export type FoundTool = {
  /** `server.tool` */
  name: string;
  description?: string;
  signature?: string;
  [key: string]: unknown;
};

export type ToolPage = {
  tools: FoundTool[];
  total: number;
  [key: string]: unknown;
};

export type ToolDocs = {
  /** `server.tool` */
  name: string;
  /** What a program imports, where that is not the server's name. */
  import?: string;
  signature: string;
  description?: string;
  parameters: { name: string; type: string; required: boolean; description?: string; default?: unknown }[];
  result: string;
  /** From how many results the result's type was made, where the server declares none. */
  inferred_from?: number;
  /** What calls of it have failed with, the last first. */
  errors_seen?: string[];
  example?: string;
  declaration: string;
};

/** Finds tools; an empty query counts categories and capabilities. */
export declare function searchTools(query?: string | ToolQuery): Promise<ToolPage>;

/** The docs of one tool, or of several. */
export declare function getToolDocs(name: string): Promise<ToolDocs>;
export declare function getToolDocs(
  names: string[],
): Promise<{ docs: ToolDocs[]; unknown: { name: string; nearest: string[] }[] }>;

/** Data that outlives the run, as JSON under names. */
export declare const workspace: {
  saveData(name: string, value: unknown): Promise<{ path: string; bytes: number }>;
  loadData(name: string): Promise<unknown>;
  list(): Promise<string[]>;
  checkpoint(name: string): Promise<unknown>;
  checkpoints(): Promise<unknown[]>;
  restore(name: string): Promise<unknown>;
};

declare class ToolErrorClass extends Error {
  /** The server that was called. */
  readonly server: string;
  /** The tool that was called. */
  readonly tool: string;
  readonly kind?: string;
  readonly hint?: string;
}

type By<T> = keyof T | ((item: T) => unknown);

declare global {
  /** A call that failed. */
  var ToolError: typeof ToolErrorClass;
  type ToolError = ToolErrorClass;
  function groupBy<T>(list: Iterable<T>, by: By<T>): { [key: string]: T[] };
  function countBy<T>(list: Iterable<T>, by: By<T>): { [key: string]: number };
  function sumBy<T>(list: Iterable<T>, by: By<T>): number;
  function sortBy<T>(list: Iterable<T>, by: By<T>, direction?: 'asc' | 'desc'): T[];
  function topN<T>(list: Iterable<T>, n: number, by?: By<T>): T[];
  function uniqBy<T>(list: Iterable<T>, by: By<T>): T[];
  function chunk<T>(list: Iterable<T>, size: number): T[][];
  function pick<T extends object, K extends keyof T>(item: T, names: readonly K[]): Pick<T, K>;
  function omit<T extends object, K extends keyof T>(item: T, names: readonly K[]): Omit<T, K>;
  const console: {
    log(...values: unknown[]): void;
    info(...values: unknown[]): void;
    warn(...values: unknown[]): void;
    error(...values: unknown[]): void;
    debug(...values: unknown[]): void;
  };
}

declare const helpers: typeof globalThis;
export const ToolError: typeof helpers.ToolError = helpers.ToolError;
export type ToolError = ToolErrorClass;
export const { groupBy, countBy, sumBy, sortBy, topN, uniqBy, chunk, pick, omit } = helpers;
