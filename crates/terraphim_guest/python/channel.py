"""The run channel from inside: frames, gathered writes, and one reader at a time.

Any thread may write; whoever waits for a reply reads for all while nobody else
does. A channel that breaks ends the process: nobody is left to answer to.
"""

import os
import select
import threading
import time

from terraphim_guest import jail, wire

# Log text and calls that are gathered before they are sent, in bytes.
_LOG_BATCH = 8 << 10
_CALL_BATCH = 64 << 10
# How long the next log text, or the next call, may be kept back while more of them follow, in seconds.
_LOG_DELAY = 0.02
_CALL_DELAY = 0.001
_READ_BYTES = 256 << 10
# Longest line of a log, in bytes.
_LINE_BYTES = 32 << 10
# What is read at once of what was written past the interpreter, in bytes, and how often in a row.
# A byte that is no text becomes three.
_STREAM_BYTES, _STREAM_READS = 8 << 10, 16


class Channel:
    """This process's end of the run channel, descriptor 3."""

    def __init__(self, streams):
        # Descriptors from which what was written to 1 and 2 past the interpreter is read.
        self._streams = dict(zip(streams, (wire.INFO, wire.ERROR)))
        self._received = bytearray()
        self._calls = bytearray()
        self._log = bytearray()
        self._log_level = wire.INFO
        self._log_sent = self._calls_sent = 0.0
        self._lock = threading.Lock()
        self._busy = set()
        self._closed = False
        # What is to be done when the lock is free again; set by the deadline.
        self._overdue = None
        self._turn = threading.Condition(threading.Lock())
        self._reading = False
        self.deliver = None

    # Writing.

    def _locked(self, work, *arguments):
        # Said before the lock is taken: a signal may come between any two steps.
        self._busy.add(threading.get_ident())
        try:
            with self._lock:
                if not self._closed:
                    work(*arguments)
        finally:
            self._busy.discard(threading.get_ident())
        if self._overdue is not None and threading.current_thread() is threading.main_thread():
            overdue, self._overdue = self._overdue, None
            overdue()

    def when_unlocked(self, action):
        """Runs `action` now or, if this thread is in the middle of writing, right after that."""
        if threading.get_ident() in self._busy:
            self._overdue = action
        else:
            action()

    def send(self, frame):
        """Sends a frame, what was gathered before it."""
        self._locked(self._send, frame)

    def _send(self, frame):
        self._flush()
        _write_all(frame)

    def close_with(self, frame):
        """Sends the last frame; nothing is sent after it."""
        self._locked(self._send_last, frame)

    def _send_last(self, frame):
        self._flush()
        _write_all(frame)
        self._closed = True

    def call(self, frame):
        """Adds a call. It is sent at once unless many are made in a row, which leave together."""
        self._locked(self._add_call, frame)

    def _add_call(self, frame):
        self._calls += frame
        if len(self._calls) >= _CALL_BATCH or time.monotonic() - self._calls_sent >= _CALL_DELAY:
            self._flush()

    def flush(self):
        """Sends what was gathered."""
        self._locked(self._flush)

    def _flush(self):
        self._drain_streams()
        self._flush_log()
        if self._calls:
            _write_all(self._calls)
            self._calls = bytearray()
            self._calls_sent = time.monotonic()

    def log(self, level, text):
        """Adds whole lines without the last line feed."""
        data = wire.text_bytes(text)
        if len(data) > _LINE_BYTES:
            data = b"\n".join(_short(line) for line in data.split(b"\n"))
        self._locked(self._add_log, level, data)

    def _add_log(self, level, data):
        for piece in data.split(b"\n") if len(data) > _LINE_BYTES else (data,):
            self._add_log_piece(level, piece)

    def _add_log_piece(self, level, data):
        if level != self._log_level:
            self._flush_log()
            self._log_level = level
        if self._log:
            self._log += b"\n"
        self._log += data
        if len(self._log) >= _LOG_BATCH or time.monotonic() - self._log_sent >= _LOG_DELAY:
            self._flush_log()

    def _flush_log(self):
        if self._log:
            _write_all(wire.log(self._log_level, self._log))
            self._log = bytearray()
            self._log_sent = time.monotonic()

    def _drain_streams(self):
        for stream, level in list(self._streams.items()):
            for _ in range(_STREAM_READS):
                try:
                    data = os.read(stream, _STREAM_BYTES)
                except BlockingIOError:
                    break
                except OSError:
                    data = b""
                if not data:
                    # The program has closed it.
                    del self._streams[stream]
                    break
                text = data.decode("utf-8", "replace")
                self._add_log_piece(level, text[:-1].encode() if text.endswith("\n") else text.encode())

    # Reading.

    def is_read(self):
        """Whether a thread waits for a reply."""
        with self._turn:
            return self._reading

    def first(self):
        """Waits for the program; gives its frame's body."""
        while True:
            frame = self._take()
            if frame is not None:
                kind, body = frame
                if kind == wire.START:
                    return body
                # What comes late for a program before is of no interest.
                if kind != wire.REPLY:
                    _broken()
                continue
            self._fill(True)

    def wait(self, call):
        """Blocks until `call.done`; reads for everybody while nobody else does."""
        self.flush()
        with self._turn:
            while self._reading and not call.done:
                self._turn.wait()
            if call.done:
                return
            self._reading = True
        try:
            while not call.done:
                self._fill(True)
                self._deliver_all()
        finally:
            self._end_turn()

    def poll(self):
        """Reads what is there without waiting; nothing while another thread reads."""
        with self._turn:
            if self._reading:
                return
            self._reading = True
        try:
            if self._fill(False):
                self._deliver_all()
        finally:
            self._end_turn()

    def _end_turn(self):
        with self._turn:
            self._reading = False
            self._turn.notify_all()

    def _deliver_all(self):
        delivered = False
        while True:
            frame = self._take()
            if frame is None:
                break
            kind, body = frame
            if kind != wire.REPLY:
                _broken()
            try:
                self.deliver(*wire.reply(body))
            except wire.BadFrame:
                _broken()
            delivered = True
        if delivered:
            with self._turn:
                self._turn.notify_all()

    def _fill(self, blocking):
        """Reads more bytes; whether there were any."""
        if not blocking and not select.select([jail.CHANNEL], [], [], 0)[0]:
            return False
        try:
            data = os.read(jail.CHANNEL, _READ_BYTES)
        except OSError:
            _broken()
        if not data:
            _broken()
        self._received += data
        return True

    def _take(self):
        """The next whole frame as kind and body, or nothing if it is not all here."""
        received = self._received
        if len(received) < wire.HEADER.size:
            return None
        length, kind = wire.HEADER.unpack_from(received)
        if length < 1 or length - 1 > wire.ADMITTED.get(kind, -1):
            _broken()
        end = length + 4
        if len(received) < end:
            return None
        body = bytes(received[wire.HEADER.size : end])
        del received[:end]
        return kind, body

    def drain(self):
        """Reads and drops whatever comes, until the process is ended."""
        while True:
            try:
                if not os.read(jail.CHANNEL, _READ_BYTES):
                    _broken()
            except OSError:
                _broken()


def _short(line):
    if len(line) <= _LINE_BYTES:
        return line
    return wire.cut_bytes(line, _LINE_BYTES) + b"..."


def _broken():
    os._exit(wire.EXIT_BAD_CHANNEL)


def _write_all(data):
    view = memoryview(data)
    while view:
        try:
            view = view[os.write(jail.CHANNEL, view) :]
        except OSError:
            _broken()
