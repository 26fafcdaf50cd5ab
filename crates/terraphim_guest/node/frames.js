// The connection with the supervisor: what is said on it, and how. Evaluated by
// node before there is a program; whatever a program does to it harms itself alone.

const { writeSync } = require('node:fs');
const { Socket } = require('node:net');

const CONNECTION = 9;
const KIND = { REPLY: 2, CALL: 17, LOG: 18, DONE: 19, FAILED: 20, READY: 64, REJECTED: 65, MISSING: 66, PROGRAM: 80 };
const HEADER_BYTES = 5;

const { from: bytesOf, allocUnsafe, concat } = Buffer;
const { wait } = Atomics;
const bell = new Int32Array(new SharedArrayBuffer(4));

function writeAll(bytes) {
  let at = 0;
  while (at < bytes.length) {
    try {
      at += writeSync(CONNECTION, bytes, at);
    } catch (error) {
      if (error.code !== 'EAGAIN') return;
      // The supervisor always reads on.
      wait(bell, 0, 0, 0.1);
    }
  }
}

function number(value) {
  const bytes = allocUnsafe(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
}

function text(value) {
  const bytes = bytesOf(value, 'utf8');
  return [number(bytes.length), bytes];
}

const octet = (value) => bytesOf([value]);

function send(kind, parts) {
  let length = 1;
  for (const part of parts) length += part.length;
  writeAll(concat([number(length), octet(kind), ...parts]));
}

const sendJson = (kind, value) => send(kind, [bytesOf(JSON.stringify(value), 'utf8')]);

/** Calls `onFrame(kind, body)` for every frame that comes. */
function listen(onFrame) {
  const socket = new Socket({ fd: CONNECTION, readable: true, writable: false });
  let pieces = [];
  let length = 0;
  const take = () => {
    let all = pieces.length === 1 ? pieces[0] : concat(pieces);
    while (all.length >= HEADER_BYTES) {
      const end = 4 + all.readUInt32LE(0);
      if (all.length < end) break;
      onFrame(all[4], all.subarray(HEADER_BYTES, end));
      all = all.subarray(end);
    }
    pieces = all.length ? [all] : [];
    length = all.length;
  };
  let wanted = HEADER_BYTES;
  socket.on('data', (piece) => {
    pieces.push(piece);
    length += piece.length;
    // A long frame is put together once, when all of it is there.
    if (length < wanted) return;
    take();
    wanted = HEADER_BYTES;
    if (length >= HEADER_BYTES) wanted = 4 + pieces[0].readUInt32LE(0);
  });
  // Without a supervisor there is nobody to answer to.
  socket.on('close', () => process.reallyExit(1));
  socket.on('error', () => process.reallyExit(1));
  return socket;
}
