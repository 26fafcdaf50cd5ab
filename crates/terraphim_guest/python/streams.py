"""What a program prints, warns of and logs, as lines of the run's log.

`sys.stdout` is told as information, `sys.stderr` as errors, warnings as warnings
and records of `logging` by their level. Standard input is at its end. What C code
or `os.write` writes to descriptors 1 and 2 is told with the next frame; what is
more than the pipe holds is refused to the writer.
"""

import io
import logging
import sys
import warnings

from terraphim_guest import wire
from terraphim_guest.calls import FILE, site_of_call


class LogStream(io.TextIOBase):
    """A text stream whose whole lines go to the log."""

    def __init__(self, channel, level, name, descriptor, keep_bytes=0):
        super().__init__()
        self._channel = channel
        self._level = level
        self._descriptor = descriptor
        self._line = []
        self._kept = []
        self._room = keep_bytes
        self.name = name
        # How many characters were written, kept or not.
        self.written = 0

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
        self.written += len(text)
        if self._room > 0:
            self._kept.append(text)
            self._room -= len(text)
        head, line_feed, tail = text.rpartition("\n")
        if line_feed:
            self._line.append(head)
            whole, self._line = "".join(self._line), [tail] if tail else []
            self._channel.log(self._level, whole)
        elif text:
            self._line.append(text)
        return len(text)

    def flush(self):
        """A line that is not ended yet stays until it is, so that it is told once."""

    def end(self):
        """Tells a last line without a line feed."""
        if self._line:
            whole, self._line = "".join(self._line), []
            self._channel.log(self._level, whole)

    def kept(self):
        """What was written, without the last line feed, as far as it was to be kept."""
        text = "".join(self._kept)
        return text[:-1] if text.endswith("\n") else text


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


def install(channel, keep_bytes):
    """Puts the streams in place; what is printed is kept up to `keep_bytes` characters. Gives them."""
    sys.stdin = io.StringIO("")
    sys.stdout = LogStream(channel, wire.INFO, "<stdout>", 1, keep_bytes)
    sys.stderr = LogStream(channel, wire.ERROR, "<stderr>", 2)
    sys.__stdin__, sys.__stdout__, sys.__stderr__ = sys.stdin, sys.stdout, sys.stderr
    _hand_over_logging(channel)
    _hand_over_warnings(channel)
    return sys.stdout, sys.stderr
