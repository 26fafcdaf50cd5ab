// What node does around a program: waits for it, gives it its modules, runs it,
// and hands its last word to the supervisor. The bridge itself is the prelude,
// the same as in the built-in interpreter.

const { createRequire, builtinModules, isBuiltin } = require('node:module');
const { Script } = require('node:vm');

const FILE = '<program>';
const WORKSPACE = '/workspace';
const LOG_CHARS = 32768;
const TEXT_CHARS = 16384;
const REJECTIONS_TOLD = 10;
const KINDS = { syntax: 0, runtime: 1, tool: 2, limit: 3, denied: 4 };

// The oldest node that is taken has no such method, which the bridge uses.
if (!String.prototype.toWellFormed) {
  const halves = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
  const value = function toWellFormed() { return `${this}`.replace(halves, '\ufffd'); };
  Object.defineProperty(String.prototype, 'toWellFormed', { value, writable: true, configurable: true });
}

const { parse } = JSON;
const { later, exit } = { later: setImmediate, exit: process.reallyExit.bind(process) };
const load = createRequire(`${WORKSPACE}/program.js`);
const cut = (value, most) => (value.length > most ? value.slice(0, most) : value);

let socket;
let waiting = 0;
let longestArguments = 0;

// What remains to be said at the end, once rejections are known.
let lastWord;
let isSaid = false;
const rejected = new Map();
let moreRejected = 0;

/** A module of node's own as a program sees it: its members and itself as the default. */
function builtin(specifier) {
  if (!isBuiltin(specifier)) return undefined;
  const module = load(specifier);
  const members = { __proto__: null };
  for (const name of Object.keys(module)) {
    // Reading what is deprecated would warn of it.
    Object.defineProperty(members, name, { get: () => module[name], enumerable: true });
  }
  members.default = module;
  return members;
}

function tellRejections() {
  for (const reason of rejected.values()) {
    const { message, stack } = bridge.rejection(reason);
    sendJson(KIND.REJECTED, { message: cut(message, 1024), stack: cut(stack, TEXT_CHARS) });
  }
  if (moreRejected > 0) sendJson(KIND.REJECTED, { more: moreRejected });
}

function conclude() {
  const say = lastWord;
  if (!say) return;
  lastWord = undefined;
  isSaid = true;
  tellRejections();
  say();
}

function endWith(say) {
  if (lastWord || isSaid) return;
  lastWord = say;
  // Node tells of rejections when it has done what was due.
  later(conclude);
}

const native = {
  hasTimers: true,
  module: builtin,
  log: (level, line) => send(KIND.LOG, [octet(level), ...text(cut(line, LOG_CHARS))]),
  call(id, name, json) {
    const bytes = bytesOf(json, 'utf8');
    if (bytes.length > longestArguments) return false;
    if (waiting++ === 0) socket.ref();
    send(KIND.CALL, [number(id), ...text(name), bytes]);
    return true;
  },
  done: (json) => endWith(() => send(KIND.DONE, [bytesOf(json, 'utf8')])),
  fail: (kind, message, stack, hint) => endWith(() => send(KIND.FAILED, [
    octet(KINDS[kind] ?? KINDS.tool), number(0), number(0),
    ...text(cut(message, TEXT_CHARS)), ...text(cut(hint, TEXT_CHARS)), ...text(cut(stack, TEXT_CHARS)),
  ])),
};

function onReply(body) {
  const value = parse(body.toString('utf8', 5));
  if (--waiting === 0) socket.unref();
  bridge.deliver(body.readUInt32LE(0), body[4] === 1, value);
}

/** The modules of a program's imports; undefined if one lacks a name. */
function link(imports) {
  const modules = [];
  for (const [index, { specifier, names, tables }] of imports.entries()) {
    let module = bridge.runtimeModule;
    if (tables) module = specifier === 'mcp-servers' ? bridge.serversModule(tables) : bridge.serverModule(tables);
    else if (specifier !== 'mcp-runtime') module = builtin(specifier);
    const missing = tables ? undefined : names?.find((name) => !(name in module));
    if (missing !== undefined) {
      sendJson(KIND.MISSING, { index, name: missing, known: Object.keys(module).slice(0, 200).join(', ') });
      return undefined;
    }
    modules.push(module);
  }
  return modules;
}

/** A stack of which every frame looks alike, for an error of the text itself too. */
function placed(error) {
  const stack = `${error?.stack ?? ''}`;
  const own = /^<program>:(\d+)\n/.exec(stack);
  return own ? `at ${FILE}:${own[1]}:1` : stack;
}

function onProgram({ code, imports, toolCalls, argumentsBytes }) {
  longestArguments = argumentsBytes;
  bridge.setLimits(toolCalls, argumentsBytes);
  process.chdir(WORKSPACE);
  const modules = link(imports);
  if (!modules) return;
  globalThis.require = load;
  let program;
  try {
    program = new Script(code, { filename: FILE }).runInThisContext();
  } catch (error) {
    const isSyntax = error instanceof SyntaxError;
    native.fail(isSyntax ? 'syntax' : 'runtime', `${error.name}: ${error.message}`, placed(error), '');
    return;
  }
  socket.unref();
  bridge.start(program, modules);
}

function watch() {
  process.on('uncaughtException', (error) => bridge.fail(error));
  process.on('unhandledRejection', (reason, promise) => {
    if (rejected.size < REJECTIONS_TOLD) rejected.set(promise, reason);
    else moreRejected++;
  });
  process.on('rejectionHandled', (promise) => {
    if (!rejected.delete(promise)) moreRejected--;
  });
  process.on('beforeExit', () => {
    native.fail('runtime', 'the program waits for a promise that nothing can settle', '',
      'resolve or reject every promise that you await');
  });
  process.on('exit', (code) => {
    native.fail('runtime', `the program ended its process with exit code ${code} before it had a result`, '',
      'return the result, or throw an error that says what is wrong');
    conclude();
    // Nothing of what others do at the end comes after that.
    exit(0);
  });
}

/** There is no network, and nothing that only waits for it. */
function withoutNetwork() {
  const refuse = (name) => function () {
    throw new Error(`there is no \`${name}\` here: no program has a network; call a tool of a server`);
  };
  for (const name of ['fetch', 'WebSocket', 'EventSource']) {
    if (name in globalThis) {
      Object.defineProperty(globalThis, name, { value: refuse(name), writable: true, configurable: true });
    }
  }
}

/** Goes once the way of a program with a call, so that all on it is compiled. */
function warm() {
  const quiet = { hasTimers: true, log() {}, call: () => true, done() {}, fail() {} };
  const tools = [{ name: 'tool', identifiers: ['tool'] }];
  const once = prelude(quiet);
  once.setLimits(1, 1);
  const module = once.serversModule({ servers: [{ server: 'server', identifier: 'server', tools }] });
  const code = '(async (modules, load, isDefault, isLast, end) => {\nawait modules[0].server.tool({});\nreturn end();\n})';
  once.start(new Script(code, { filename: FILE }).runInThisContext(), [module]);
  once.deliver(1, true, parse('{"a":[1]}'));
  for (const part of [text('a'), number(1)]) concat([part].flat());
}

warm();
const bridge = prelude(native);
watch();
withoutNetwork();
socket = listen((kind, body) => {
  if (kind === KIND.REPLY) onReply(body);
  else if (kind === KIND.PROGRAM) onProgram(parse(body.toString('utf8')));
});
sendJson(KIND.READY, [...builtinModules, ...builtinModules.map((name) => `node:${name}`), 'node:test', 'node:sqlite', 'node:sea']
  .filter(isBuiltin));
