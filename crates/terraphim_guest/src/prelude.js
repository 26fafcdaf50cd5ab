// The part of the bridge that lives inside the interpreter. It is evaluated
// once, in the zygote, before any agent's program exists; it keeps the
// intrinsics that it needs, so that a program that changes them harms only
// itself. It puts nothing of the bridge into the global object.
(function (native) {
  'use strict';

  const { parse, stringify } = JSON;
  const { isArray, from: arrayFrom } = Array;
  const { create, defineProperty, entries, freeze, fromEntries, keys } = Object;
  const { ownKeys } = Reflect;
  const Pledge = Promise;
  const Table = Map;
  const Unique = Set;
  const Text = String;
  const Failure = Error;
  const Known = WeakSet;
  const Pattern = RegExp;
  const Bytes = ArrayBuffer;
  const Octets = Uint8Array;
  const View = DataView;
  const { isView } = ArrayBuffer;
  const { captureStackTrace } = Failure;
  const now = Date.now;
  // The interpreter's own began with the process from which all runs are forked.
  const ticks = performance.now.bind(performance);
  const { floor, max, min } = Math;
  const uncurried = (method) => Function.prototype.call.bind(method);
  const toWellFormed = uncurried(Text.prototype.toWellFormed);
  const includes = uncurried(Text.prototype.includes);
  const replace = uncurried(Text.prototype.replace);
  const forEachIn = uncurried(Table.prototype.forEach);
  // Text without half a character, which no other program could read.
  const wellFormed = (value) => toWellFormed(Text(value));
  // The trace of an error would otherwise hand out functions of this file.
  defineProperty(Failure, 'prepareStackTrace', { value: undefined, writable: false, configurable: false });

  // Tool calls.

  const pending = new Table();
  let waitingCalls = 0;
  let lastId = 0;
  let callsMade = 0;
  let limits = { toolCalls: 0, argumentsBytes: 0 };
  // The errors that came over the bridge: only they say of what kind a failure is.
  const fromBridge = new Known();

  class ToolError extends Failure {
    constructor(details, site) {
      super(details.message);
      for (const name of ['server', 'tool', 'kind', 'hint']) {
        if (details[name] !== undefined) {
          defineProperty(this, name, { value: details[name], enumerable: true, configurable: true, writable: true });
        }
      }
      if (site) defineProperty(this, 'stack', { value: site, configurable: true, writable: true });
    }
  }
  defineProperty(ToolError.prototype, 'name', { value: 'ToolError', configurable: true, writable: true });

  function bridgeError(details, site) {
    const error = new ToolError(details, site);
    fromBridge.add(error);
    return error;
  }

  // Where a program called `from`; printing fewer frames is most of what a call costs here.
  function siteOf(from) {
    const site = create(null);
    captureStackTrace(site, from);
    return site.stack;
  }

  function call(operation, payload, about, from) {
    const site = siteOf(from);
    const refuse = (kind, message, hint) => Pledge.reject(bridgeError({ ...about, kind, message, hint }, site));
    if (operation === 'tool' && ++callsMade > limits.toolCalls) {
      return refuse('limit', `the program has used all of its ${limits.toolCalls} tool calls`,
        'filter inside the tool, or ask for more in one call');
    }
    let json;
    try {
      json = sendable(payload) ?? 'null';
    } catch (error) {
      if (error instanceof Unusable) {
        const path = whereUnusable(payload.arguments, isUnsendable);
        const place = path ? `\`${path}\` is ` : '';
        return refuse('arguments', `the arguments are not JSON: ${place}${error.message}`, error.hint);
      }
      const why = error instanceof Failure ? error.message : 'reading them threw';
      return refuse('arguments', `the arguments are not JSON: ${why}`, 'pass plain values');
    }
    const id = ++lastId;
    if (!native.call(id, operation, json)) {
      return refuse('limit', `the arguments of one call have more than ${limits.argumentsBytes} bytes`,
        'send the data in several calls');
    }
    waitingCalls++;
    return new Pledge((resolve, reject) => {
      pending.set(id, { resolve, reject, site, about });
    });
  }

  function deliver(id, ok, value) {
    const waiting = pending.get(id);
    if (!waiting) return;
    pending.delete(id);
    waitingCalls--;
    if (ok) waiting.resolve(value);
    else waiting.reject(bridgeError({ ...waiting.about, ...value }, waiting.site));
  }

  // Modules.

  // What a tool is given in place of one object, in words.
  function misgiven(given) {
    // By place: a program may have changed how lists are taken apart.
    const args = given[0];
    const second = given[1];
    const third = given[2];
    if (args !== undefined && args !== null && (typeof args !== 'object' || isArray(args))) {
      if (given.length > 1) return `${given.length} values`;
      return isArray(args) ? 'a list' : `a ${typeof args}`;
    }
    // `list.map(server.tool)` gives the place and the list too.
    if (given.length === 3 && isArray(third) && third[second] === args) return undefined;
    return second === undefined && third === undefined ? undefined : `${given.length} values`;
  }

  function makeTool(server, tool) {
    const about = { server, tool };
    const invoke = (given, raw, from) => {
      const args = given[0] ?? {};
      const wrong = misgiven(given);
      // The host knows the tool's parameters, and says what to write.
      if (wrong) return call('misgiven', { server, tool, given: wrong }, about, from);
      return call('tool', { server, tool, raw, arguments: args }, about, from);
    };
    const callable = (...given) => invoke(given, false, callable);
    const raw = (...given) => invoke(given, true, raw);
    defineProperty(callable, 'name', { value: tool });
    defineProperty(callable, 'raw', { value: raw });
    return freeze(callable);
  }

  function distance(a, b) {
    let row = arrayFrom({ length: b.length + 1 }, (_, i) => i);
    for (let i = 1; i <= a.length; i++) {
      const next = [i];
      for (let j = 1; j <= b.length; j++) {
        next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1));
      }
      row = next;
    }
    return row[b.length];
  }

  function nearest(name, candidates) {
    const plain = (text) => text.toLowerCase().replace(/[^a-z0-9]/g, '').slice(0, 64);
    const wanted = plain(name);
    return candidates
      .map((candidate) => [distance(wanted, plain(candidate)), candidate])
      .filter(([far]) => far <= Math.max(2, wanted.length / 2))
      .sort((a, b) => a[0] - b[0])
      .slice(0, 3)
      .map(([, candidate]) => candidate);
  }

  // Asked for by the language, by promises and by printing, not by a program.
  const notATool = new Unique(['then', 'toJSON', 'constructor', 'prototype', 'valueOf', 'toString', 'inspect', '$$typeof']);

  // A server that gives no tools is there all the same: its calls say why.
  function makeUnavailable(table) {
    const refuse = (tool) => () => Pledge.reject(bridgeError(
      { server: table.server, tool, kind: 'tool', message: table.error }, new Failure().stack));
    return new Proxy(freeze(create(null)), {
      get: (target, key) => (typeof key !== 'string' || notATool.has(key) ? target[key] : refuse(key)),
    });
  }

  function makeServer(table, extra) {
    if (table.error !== undefined) return makeUnavailable(table);
    const members = create(null);
    for (const { name, identifiers } of table.tools) {
      const callable = makeTool(table.server, name);
      for (const known of [...identifiers, name]) {
        // An object with `then` would be taken for a promise wherever it is awaited.
        if (known !== 'then' && !(known in members)) members[known] = callable;
      }
    }
    for (const name of extra ?? []) {
      if (!(name in members)) defineProperty(members, name, { value: makeServer(table) });
    }
    return new Proxy(freeze(members), {
      get(target, key) {
        if (typeof key !== 'string' || key in target || notATool.has(key)) return target[key];
        const near = nearest(key, table.tools.map((tool) => tool.name));
        throw bridgeError({
          server: table.server, tool: key, kind: 'unknown',
          message: `the server \`${table.server}\` has no tool \`${key}\``,
          hint: near.length ? `did you mean ${near.join(', ')}?` : `its tools: searchTools({ server: '${table.server}' })`,
        }, new Failure().stack);
      },
    });
  }

  function serversModule(reply) {
    const module = create(null);
    for (const table of reply.servers) {
      const server = makeServer(table);
      module[table.identifier] = server;
      if (!(table.server in module)) module[table.server] = server;
    }
    return module;
  }

  // 'mcp-servers/x' is the server itself; its own name and `default` stand for it too.
  function serverModule(reply) {
    const [table] = reply.servers;
    return makeServer(table, [table.identifier, table.server, 'default']);
  }

  const asObject = (given, key) => {
    if (given === undefined || given === null) return {};
    return typeof given === 'object' && !isArray(given) ? given : { [key]: given };
  };

  const workspace = freeze({
    saveData: (name, value) => call(
      'workspace.save', { name: Text(name), value: encodable(value) }, { server: 'workspace', tool: 'saveData' }, workspace.saveData),
    loadData: (name) => call(
      'workspace.load', { name: Text(name) }, { server: 'workspace', tool: 'loadData' }, workspace.loadData),
    list: () => call('workspace.list', {}, { server: 'workspace', tool: 'list' }, workspace.list),
    checkpoint: (name) => call(
      'workspace.checkpoint', { name: Text(name) }, { server: 'workspace', tool: 'checkpoint' }, workspace.checkpoint),
    checkpoints: () => call(
      'workspace.checkpoints', {}, { server: 'workspace', tool: 'checkpoints' }, workspace.checkpoints),
    restore: (name) => call(
      'workspace.restore', { name: Text(name) }, { server: 'workspace', tool: 'restore' }, workspace.restore),
  });

  const about = (tool) => ({ server: 'mcp-runtime', tool });
  // The whole answer: { tools, total, ... }.
  const searchTools = (query) => call('search_tools', asObject(query, 'query'), about('searchTools'), searchTools);
  // One name gives its document, a list gives { docs, unknown, ... }. Of { detail, maxTokens } what there is counts.
  const getToolDocs = (names, options) =>
    call('tool_docs', { ...options, names: isArray(names) ? names : [names] }, about('getToolDocs'), getToolDocs).then((page) => {
      if (isArray(names)) return page;
      if (page.docs.length) return page.docs[0];
      if (page.brief?.length) return page.brief[0];
      if (page.names?.length) return { name: page.names[0] };
      const near = page.unknown[0]?.nearest ?? [];
      throw bridgeError({
        ...about('getToolDocs'), kind: 'unknown', message: `there is no tool \`${names}\``,
        hint: near.length ? `did you mean ${near.join(', ')}?` : "find tools with searchTools('what you need')",
      }, new Failure().stack);
    });

  // Data helpers: global, and exported by 'mcp-runtime'.

  const getter = (by) => (typeof by === 'function' ? by : (item) => item?.[by]);
  const bucket = (list, by, add) => {
    const read = getter(by);
    const groups = {};
    for (const item of list) {
      const key = Text(read(item));
      defineProperty(groups, key, {
        value: add(Object.hasOwn(groups, key) ? groups[key] : undefined, item),
        enumerable: true, configurable: true, writable: true,
      });
    }
    return groups;
  };
  const order = (a, b) => (a === b ? 0 : a === undefined || a === null ? 1 : b === undefined || b === null ? -1 : a < b ? -1 : 1);
  const sortBy = (list, by, direction = 'asc') => {
    const read = getter(by);
    const sign = direction === 'desc' ? -1 : 1;
    return [...list].map((item) => [read(item), item]).sort((a, b) => sign * order(a[0], b[0])).map(([, item]) => item);
  };
  const helpers = {
    groupBy: (list, by) => bucket(list, by, (group, item) => (group ? (group.push(item), group) : [item])),
    countBy: (list, by) => bucket(list, by, (count = 0) => count + 1),
    sumBy: (list, by) => {
      const read = getter(by);
      let sum = 0;
      for (const item of list) sum += Number(read(item)) || 0;
      return sum;
    },
    sortBy,
    topN: (list, n, by) => sortBy(list, by ?? ((item) => item), 'desc').slice(0, n),
    uniqBy: (list, by) => {
      const read = getter(by);
      const seen = new Unique();
      return [...list].filter((item) => {
        const key = read(item);
        return !seen.has(key) && seen.add(key);
      });
    },
    chunk: (list, size) => {
      if (!(size >= 1)) throw new RangeError('chunk needs a size of at least 1');
      const step = floor(size);
      return arrayFrom({ length: Math.ceil(list.length / step) }, (_, i) => list.slice(i * step, (i + 1) * step));
    },
    pick: (item, names) => fromEntries(names.filter((name) => name in item).map((name) => [name, item[name]])),
    omit: (item, names) => fromEntries(entries(item).filter(([name]) => !names.includes(name))),
  };

  const runtimeModule = freeze({ __proto__: null, searchTools, getToolDocs, workspace, ToolError, ...helpers });

  function importLater(specifier) {
    specifier = Text(specifier);
    if (specifier === 'mcp-runtime') return Pledge.resolve(runtimeModule);
    // Modules that the runtime itself has, where it has any.
    const own = native.module?.(specifier);
    if (own) return Pledge.resolve(own);
    return call('import', { specifier }, { server: specifier, tool: 'import' }, importLater)
      .then(specifier === 'mcp-servers' ? serversModule : serverModule);
  }

  // Printing.

  const PRINTED = 32768;
  let room = 0;

  /** A value as text; what is printed at once has a budget, so that no value takes long. */
  function inspect(value, depth = 0, seen = []) {
    if (room <= 0) return '...';
    const text = describe(value, depth, seen);
    if (typeof value !== 'object') room -= text.length + 2;
    return text;
  }

  function describe(value, depth, seen) {
    switch (typeof value) {
      case 'string': return depth ? stringify(value.length > room ? value.slice(0, room) : value) : value;
      case 'bigint': return `${value}n`;
      case 'symbol': return value.toString();
      case 'function': return `[function ${value.name || 'anonymous'}]`;
      case 'object': break;
      default: return Text(value);
    }
    if (value === null) return 'null';
    if (seen.includes(value)) return '[circular]';
    room -= 2;
    if (value instanceof Failure) return value.stack ? `${value.name}: ${value.message}` : Text(value);
    if (depth > 4) return isArray(value) ? '[...]' : '{...}';
    const inner = [...seen, value];
    const show = (item) => inspect(item, depth + 1, inner);
    if (isArray(value)) {
      const shown = value.slice(0, 100).map(show);
      if (value.length > 100) shown.push(`... ${value.length - 100} more`);
      return `[${shown.join(', ')}]`;
    }
    if (value instanceof Table) return `Map {${[...value].slice(0, 100).map(([k, v]) => `${show(k)} => ${show(v)}`).join(', ')}}`;
    if (value instanceof Unique) return `Set {${[...value].slice(0, 100).map(show).join(', ')}}`;
    if (value instanceof Pledge) return '[promise]';
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
    if (value instanceof RegExp) return Text(value);
    const names = keys(value);
    const shown = names.slice(0, 100).map((name) => `${name}: ${show(value[name])}`);
    if (names.length > 100) shown.push(`... ${names.length - 100} more`);
    return `{${shown.join(', ')}}`;
  }

  function printed(value) {
    room = PRINTED;
    try {
      return wellFormed(inspect(value));
    } catch {
      return '[value that cannot be printed]';
    }
  }

  const printer = (level) => (...values) => native.log(level, values.map(printed).join(' '));

  // Timers.

  const timers = new Table();
  let lastTimer = 0;
  const schedule = (callback, delay, rest, every) => {
    if (typeof callback !== 'function') throw new TypeError('a timer needs a function');
    native.timed();
    const wait = max(0, min(+delay || 0, 2147483647));
    timers.set(++lastTimer, { due: now() + wait, callback, rest, every: every ? max(1, wait) : 0 });
    return lastTimer;
  };
  const cancel = (id) => { timers.delete(id); };

  /** Milliseconds until the next timer is due; -1 if there is none. */
  function nextTimer() {
    let due = Infinity;
    forEachIn(timers, (timer) => { if (timer.due < due) due = timer.due; });
    return due === Infinity ? -1 : max(0, due - now());
  }

  function fireTimers() {
    const time = now();
    const ready = [...timers].filter(([, timer]) => timer.due <= time).sort((a, b) => a[1].due - b[1].due || a[0] - b[0]);
    for (const [id, timer] of ready) {
      if (!timers.has(id)) continue;
      if (timer.every) timer.due = time + timer.every;
      else timers.delete(id);
      try {
        timer.callback(...timer.rest);
      } catch (error) {
        fail(error);
      }
    }
  }

  // The result.

  class Unusable extends TypeError {
    constructor(what, hint) {
      super(what);
      this.hint = hint;
    }
  }

  const isUnusable = (value) =>
    typeof value === 'function' || typeof value === 'symbol' || value instanceof Pledge;

  /** Where in a value the first thing stands that is refused, as in `list[0].f`. */
  function whereUnusable(value, refused = isUnusable, path = '', depth = 0) {
    if (refused(value)) return path;
    if (typeof value !== 'object' || value === null || depth > 50) return undefined;
    for (const name of keys(value)) {
      const step = isArray(value) ? `[${name}]` : `${path ? '.' : ''}${name}`;
      const found = whereUnusable(value[name], refused, path + step, depth + 1);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  function plain(key, value) {
    switch (typeof value) {
      case 'bigint': return Text(value);
      case 'function': throw new Unusable('a function', 'call it, or return its result');
      case 'symbol': throw new Unusable('a symbol', 'return a text');
      case 'object': break;
      default: return value;
    }
    if (value instanceof Pledge) throw new Unusable('a promise', 'await it (a list of them with Promise.all)');
    if (value instanceof Table) {
      const pairs = [...value];
      return pairs.every(([name]) => typeof name === 'string') ? fromEntries(pairs) : pairs;
    }
    if (value instanceof Unique) return [...value];
    if (value instanceof Failure) return { name: value.name, message: value.message };
    if (value instanceof Bytes) return arrayFrom(new Octets(value));
    if (isView(value) && !(value instanceof View)) return arrayFrom(value);
    return value;
  }

  // Tools and what is between have integers of 64 bits.
  const isWide = (value) => typeof value === 'bigint' && (value < -(2n ** 63n) || value >= 2n ** 64n);
  const isUnsendable = (value) => isWide(value) || isUnusable(value);

  /** JSON of arguments: as of a result, but a BigInt is the number that it is. */
  function sendable(payload) {
    let mark = '';
    let hasIntegers = false;
    const argument = (key, value) => {
      if (typeof value !== 'bigint') return plain(key, value);
      if (isWide(value)) throw new Unusable('an integer of more than 64 bits', 'send it as a text, with String(value)');
      hasIntegers = true;
      return mark + Text(value);
    };
    const json = stringify(payload, argument);
    if (!hasIntegers) return json;
    // Its digits come as a text that no other text begins like, which is then undone.
    do mark += 'n'; while (includes(json, `"${mark}`));
    return replace(stringify(payload, argument), new Pattern(`"${mark}(-?[0-9]+)"`, 'g'), '$1');
  }

  /** A value that survives JSON, or a clear error. */
  function encodable(value) {
    const json = encode(value, 'value');
    return json === undefined ? null : parse(json);
  }

  function encode(value, noun = 'result') {
    try {
      return stringify(value, plain);
    } catch (error) {
      if (error instanceof Unusable) {
        const path = whereUnusable(value);
        const place = path ? `the ${noun} holds, at \`${path}\`,` : `the ${noun} is`;
        throw new TypeError(`${place} ${error.message}: ${error.hint}`);
      }
      if (error instanceof TypeError && /circular/i.test(error.message)) {
        throw new TypeError(`the ${noun} refers to itself: give plain data without a cycle`);
      }
      if (error instanceof RangeError && /call stack/i.test(error.message)) {
        throw new RangeError(`the ${noun} is nested too deeply: give flatter data`);
      }
      throw error;
    }
  }

  let finished = false;

  function succeed(value) {
    if (finished) return;
    let json;
    try {
      json = encode(value);
    } catch (error) {
      fail(error);
      return;
    }
    if (waitingCalls > 0) {
      native.log(2, `${waitingCalls} calls were still under way when the program ended: await them`);
    }
    finished = true;
    native.done(json === undefined ? 'null' : json);
  }

  /** Reads something of a thrown value, which may throw again. */
  function attempt(read, otherwise) {
    try {
      return wellFormed(read());
    } catch {
      return otherwise;
    }
  }

  /** What a thrown value says. */
  function told(error, verb) {
    const isError = attempt(() => error instanceof Failure, 'false') === 'true';
    const kind = isError && fromBridge.has(error) ? attempt(() => error.kind ?? 'tool', 'tool') : 'runtime';
    let message = `${verb} ${isError ? 'an error that cannot be read' : printed(error)}`;
    if (isError) {
      const text = attempt(() => error.message, undefined);
      const name = attempt(() => error.name, 'Error');
      if (text !== undefined) message = kind === 'runtime' ? `${name}: ${text}` : text;
    }
    const stack = isError ? attempt(() => error.stack ?? '', '') : '';
    const hint = isError ? attempt(() => error.hint ?? '', '') : '';
    return { kind, message, stack, hint };
  }

  function fail(error) {
    if (finished) return;
    const { kind, message, stack, hint } = told(error, 'the program threw');
    finished = true;
    native.fail(kind, message, stack, hint);
  }

  // Told to a program, so that it counts from the start of its run.
  let began = 0;
  const clock = { now: () => ticks() - began, timeOrigin: 0 };

  // What a program that is followed by others declares, where those find it.
  function share(names) {
    for (const [name, [get, set]] of entries(names)) {
      defineProperty(globalThis, name, { get, set, configurable: true, enumerable: true });
    }
  }

  // Nothing of the run before goes on: what it waited for was ended with it.
  function reset() {
    pending.clear();
    timers.clear();
    waitingCalls = 0;
    callsMade = 0;
    finished = false;
  }

  function start(program, modules) {
    began = ticks();
    clock.timeOrigin = now();
    let exported;
    let last;
    const isDefault = (value) => { exported = { value }; };
    const isLast = (value) => { last = { value }; return value; };
    const end = (only) => {
      if (exported) return typeof exported.value === 'function' ? exported.value() : exported.value;
      if (last) return last.value;
      return only ? only() : undefined;
    };
    // Awaited, not chained: `then` may be the program's by now.
    (async () => {
      try {
        succeed(await program(modules, importLater, isDefault, isLast, end, share));
      } catch (error) {
        fail(error);
      }
    })();
  }

  const face = {
    start, reset, deliver, fail, nextTimer, fireTimers, serversModule, serverModule,
    runtimeModule, rejection: (reason) => told(reason, 'it was rejected with'),
    setLimits: (toolCalls, argumentsBytes) => { limits = { toolCalls, argumentsBytes }; },
  };

  // The global object.

  const hidden = (name, value) =>
    defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false });
  for (const [name, helper] of entries(helpers)) hidden(name, helper);
  hidden('ToolError', ToolError);
  hidden('console', {
    debug: printer(0), log: printer(1), info: printer(1), warn: printer(2), error: printer(3),
    table: printer(1), dir: printer(1), trace: printer(0),
  });
  if (native.hasTimers) return face;
  hidden('performance', clock);
  hidden('setTimeout', (callback, delay, ...rest) => schedule(callback, delay, rest, false));
  hidden('setInterval', (callback, delay, ...rest) => schedule(callback, delay, rest, true));
  hidden('clearTimeout', cancel);
  hidden('clearInterval', cancel);
  hidden('structuredClone', (value) => {
    const json = stringify(value);
    return json === undefined ? undefined : parse(json);
  });
  defineProperty(Math, 'random', { value: () => native.random(), writable: true, configurable: true });
  // Fills in whatever the time zone, the first error and the first JSON text need.
  void [new Date(0).toString(), new Failure().stack, stringify({}), ownKeys({})];

  return face;
})
