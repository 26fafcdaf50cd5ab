"""What a program prints, warns of and logs, as lines of the run's log.

`sys.stdout` is told as information, `sys.stderr` as errors, warnings as warnings
and records of `logging` by their level. Standard input is at its end. What C code
or `os.write` writes to descriptors 1 and 2 is told with the next frame; what is
more than the pipe holds is refused to the writer.
"""

import io
import logging
import sys
import threading
import warnings

from terraphim_guest import wire
from terraphim_guest.calls import FILE, site_of_call


class LogStream(io.TextIOBase):
    """A text stream whose whole lines go to the log."""

    def __init__(self, channel, level, name, descriptor):
        super().__init__()
        self._channel = channel
        self._level = level
        self._descriptor = descriptor
        # The line that each thread has begun, by its number: `print` writes the line feed by itself.
        self._begun = {}
        self._kept = []
        self._room = 0
        self.name = name
        # How many characters were written, kept or not.
        self.written = 0
        # Threads write too, and so do handlers of signals in the middle of it.
        self._lock = threading.RLock()
        self.buffer = _Bytes(self)

    encoding = "utf-8"
    errors = "replace"
    newlines = None

    def writable(self):
        return True

    def fileno(self):
        return self._descriptor

    def write(self, text):
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        with self._lock:
            self._add(text)
        return len(text)

    def _add(self, text):
        self.written += len(text)
        head, line_feed, tail = text.rpartition("\n")
        begun = self._begun.setdefault(threading.get_ident(), [])
        if line_feed:
            begun.append(head)
            self._tell("".join(begun), "\n")
            begun.clear()
        if tail:
            begun.append(tail)

    def _tell(self, whole, line_feed):
        if self._room > 0:
            self._kept.append(whole + line_feed)
            self._room -= len(whole) + 1
        self._channel.log(self._level, whole)

    def reconfigure(self, **_options):
        """Lines are told as they end, in UTF-8, whatever is asked for."""

    def keep(self, characters):
        """Keeps what is written from now on, about so many characters of it."""
        self._room, self._kept, self.written = characters, [], 0

    def flush(self):
        """A line that is not ended yet stays until it is, so that it is told once."""

    def end(self):
        """Tells the last lines without a line feed."""
        with self._lock:
            begun, self._begun = self._begun, {}
            for line in filter(None, map("".join, begun.values())):
                self._tell(line, "")

    def kept(self):
        """What was written, without the last line feed, as far as it was to be kept."""
        text = "".join(self._kept)
        return text[:-1] if text.endswith("\n") else text


class _Bytes(io.RawIOBase):
    """The stream of bytes below a stream of text."""

    def __init__(self, stream):
        super().__init__()
        self._stream = stream

    def writable(self):
        return True

    def fileno(self):
        return self._stream.fileno()

    def write(self, data):
        data = bytes(data)
        self._stream.write(data.decode("utf-8", "replace"))
        return len(data)


class _Handler(logging.Handler):
    """Records of `logging` by their level."""

    def __init__(self, channel):
        super().__init__(logging.WARNING)
        self._channel = channel

    def emit(self, record):
        self._channel.log(_level_of(record), self.format(record))


def _level_of(record):
    if record.levelno >= logging.ERROR:
        return wire.ERROR
    if record.levelno >= logging.WARNING:
        return wire.WARN
    return wire.INFO if record.levelno >= logging.INFO else wire.DEBUG


def _hand_over_logging(channel):
    logging.lastResort = _Handler(channel)
    write = logging.StreamHandler.emit

    def emit(self, record):
        if isinstance(self.stream, LogStream):
            try:
                channel.log(_level_of(record), self.format(record))
            except Exception:
                self.handleError(record)
        else:
            write(self, record)

    logging.StreamHandler.emit = emit


def _hand_over_warnings(channel):
    def show(message, category, filename, lineno, file=None, line=None):
        place = f"line {lineno}: " if filename == FILE else _place()
        channel.log(wire.WARN, f"{place}{category.__name__}: {message}")

    warnings.showwarning = show


def _place():
    """The program's line that led to a warning about code that is not its own."""
    site = site_of_call()
    return f"line {site[0][2]}: " if site else ""


def install(channel):
    """Puts the streams in place; gives standard output and standard error."""
    sys.stdin = io.TextIOWrapper(io.BytesIO(b""), encoding="utf-8")
    sys.stdout = LogStream(channel, wire.INFO, "<stdout>", 1)
    sys.stderr = LogStream(channel, wire.ERROR, "<stderr>", 2)
    sys.__stdin__, sys.__stdout__, sys.__stderr__ = sys.stdin, sys.stdout, sys.stderr
    _hand_over_logging(channel)
    _hand_over_warnings(channel)
    return sys.stdout, sys.stderr
