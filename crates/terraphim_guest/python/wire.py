"""Frames of the run channel and datagrams of the control channel.

Both are a little-endian `u32` length of what follows, a kind byte and a body. A
text is a `u32` length in bytes and UTF-8. The host is trusted; the bounds keep a
broken length from allocating everything.
"""

import struct

EXIT_OUT_OF_MEMORY = 97
EXIT_BAD_CHANNEL = 98
EXIT_JAIL = 99

# Bytes of the longest datagram, and of what its text may have.
MAX_DATAGRAM = 1024
DATAGRAM_TEXT = MAX_DATAGRAM - 64

# Longest body of a frame from the host, in bytes, by kind.
START, REPLY, PREPARE = 1, 2, 3
ADMITTED = {START: 64 << 20, REPLY: 512 << 20}
HEADER = struct.Struct("<IB")

_STARTED, _CALL, _LOG, _DONE, _FAILED, _PREPARED = 16, 17, 18, 19, 20, 21
_FORK, _FORKED, _EXITED, _BROKEN = 1, 17, 18, 19
_PYTHON = 2

DEBUG, INFO, WARN, ERROR = 0, 1, 2, 3
SYNTAX, RUNTIME, TOOL, LIMIT, DENIED = 0, 1, 2, 3, 4

_START_FIELDS = struct.Struct("<BQQQQIBI")


class BadFrame(Exception):
    """A frame or datagram that cannot be."""


class Start:
    """The program with its limits: milliseconds, bytes, and a number of calls."""

    __slots__ = ("wall_ms", "heap_bytes", "result_bytes", "arguments_bytes", "tool_calls", "keeps", "source")

    def __init__(self, body):
        try:
            syntax, *limits, length = _START_FIELDS.unpack_from(body)
            source = bytes(body[_START_FIELDS.size :])
            if syntax != _PYTHON or len(source) != length:
                raise BadFrame("start")
            self.source = source.decode("utf-8")
        except (struct.error, UnicodeDecodeError) as error:
            raise BadFrame("start") from error
        self.wall_ms, self.heap_bytes, self.result_bytes, self.arguments_bytes, self.tool_calls, keeps = limits
        self.keeps = keeps == 1


def reply(body):
    """Number, success and payload (JSON, bytes) of a reply's body."""
    if len(body) < 5 or body[4] > 1:
        raise BadFrame("reply")
    return int.from_bytes(body[:4], "little"), body[4] == 1, bytes(body[5:])


def text_bytes(text):
    """UTF-8 of any text; half a surrogate pair becomes U+FFFD."""
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode("utf-8")


def cut_bytes(data, most):
    """At most `most` bytes of UTF-8, ended between two characters."""
    if len(data) <= most:
        return data
    return data[:most].decode("utf-8", "ignore").encode("utf-8")


def _frame(kind, body):
    return HEADER.pack(len(body) + 1, kind) + body


def _text(data):
    return struct.pack("<I", len(data)) + data


def started():
    return _frame(_STARTED, b"")


def call(number, name, payload):
    return _frame(_CALL, struct.pack("<I", number) + _text(name.encode("ascii")) + payload)


def log(level, data):
    return _frame(_LOG, bytes([level]) + _text(data))


def done(payload):
    return _frame(_DONE, payload)


def failed(kind, line, column, message, hint, stack):
    """A failure; the texts are bytes of UTF-8."""
    return _frame(_FAILED, struct.pack("<BII", kind, line, column) + _text(message) + _text(hint) + _text(stack))


def fork_order(datagram):
    """Child's number, memory in bytes and CPU seconds of an order to fork."""
    if len(datagram) != 25 or datagram[4] != _FORK:
        raise BadFrame("order")
    return struct.unpack_from("<IQQ", datagram, 5)


def forked(child):
    return _frame(_FORKED, struct.pack("<I", child))


def exited(child, status, cpu_micros, peak_kib):
    return _frame(_EXITED, struct.pack("<IiQQ", child, status, cpu_micros, peak_kib))


def broken(child, message):
    data = cut_bytes(text_bytes(message), DATAGRAM_TEXT)
    return _frame(_BROKEN, struct.pack("<I", child) + _text(data))


def prepared():
    """The frame beside which the folder that the run writes to is handed over."""
    return _frame(_PREPARED, b"")
