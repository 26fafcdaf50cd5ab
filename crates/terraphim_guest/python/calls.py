"""Calls over the bridge: numbered, sent at once, answered in any order."""

import asyncio
import itertools
import json
import sys
import threading
import weakref

from terraphim_guest import jail, wire
from terraphim_guest.deferred import PendingCall, unwrapped
from terraphim_guest.encode import encode
from terraphim_guest.errors import Unusable, bridge_error

FILE = "program.py"
# How many frames are looked at for the place of a call, and how many are kept.
_LOOKED_AT, _KEPT = 100, 20


class Call:
    """One call: `done` is set when `result()` gives its value or raises."""

    __slots__ = ("bridge", "about", "convert", "done", "site", "waiters", "_ok", "_payload", "_value", "_parsed")

    def __init__(self, bridge, about, convert, site):
        self.bridge = bridge
        self.about = about
        self.convert = convert
        self.site = site
        self.done = self._ok = self._parsed = False
        self.waiters = []
        self._payload = self._value = None

    def settle(self, ok, payload):
        self._ok, self._payload = ok, payload
        self.done = True

    def fail(self, details):
        self._ok, self._parsed, self._value = False, True, details
        self.done = True

    def result(self):
        if not self._parsed:
            value = json.loads(self._payload.decode("utf-8"))
            if self._ok and self.convert is not None:
                value = self.convert(value)
            self._value, self._payload, self._parsed = value, None, True
        if self._ok:
            return self._value
        details = self._value if isinstance(self._value, dict) else {}
        raise bridge_error({**self.about, **details}, self.site)


class Bridge:
    """The calls of this run. With `defers`, a call gives a `PendingCall`, else its value."""

    def __init__(self, channel):
        self.channel = channel
        self.defers = False
        self._pending = {}
        self._numbers = itertools.count(1)
        self._tool_calls = itertools.count(1)
        self._most_calls = self._most_bytes = 0
        self._lock = threading.Lock()
        self._watching = weakref.WeakSet()
        channel.deliver = self._deliver

    def begin(self, start):
        """Takes the limits of the run."""
        self._most_calls, self._most_bytes = start.tool_calls, start.arguments_bytes
        self._tool_calls = itertools.count(1)
        with self._lock:
            former, self._pending = self._pending, {}
        for call in former.values():
            call.fail({"kind": "tool", "message": "the program that made this call has ended"})

    @property
    def under_way(self):
        """How many calls are not answered."""
        return len(self._pending)

    def call(self, operation, payload, about, convert=None):
        """Makes a call. `payload` is what is sent, `about` names server and tool for its error."""
        call = self.begin_call(operation, payload, about, convert)
        if self.defers:
            return PendingCall(call)
        return self.finish(call)

    def finish(self, call):
        """Waits for a call's value."""
        if not call.done:
            self.channel.wait(call)
        return call.result()

    def begin_call(self, operation, payload, about, convert=None):
        call = Call(self, about, convert, site_of_call() if self.defers else None)
        refused = self._send(call, operation, payload)
        if refused is not None:
            kind, message, hint = refused
            call.fail({"kind": kind, "message": message, "hint": hint})
        return call

    def _send(self, call, operation, payload):
        """Sends a call, or says why not: kind, message and hint."""
        if operation == "tool" and next(self._tool_calls) > self._most_calls:
            message = f"the program has used all of its {self._most_calls} tool calls"
            return "limit", message, "filter inside the tool, or ask for more in one call"
        try:
            # What the workspace keeps is read by other languages, so it is written as results are.
            data = wire.text_bytes(encode(payload, "call", unwrapped, wide=operation == "tool"))
        except Unusable as error:
            return "arguments", f"the arguments are not JSON: {error}", "pass plain values"
        if len(data) > self._most_bytes:
            message = f"the arguments of one call have more than {self._most_bytes} bytes"
            return "limit", message, "send the data in several calls"
        number = next(self._numbers)
        self._pending[number] = call
        self.channel.call(wire.call(number, operation, data))
        return None

    def _deliver(self, number, ok, payload):
        call = self._pending.pop(number, None)
        if call is None:
            return
        with self._lock:
            call.settle(ok, payload)
            waiters, call.waiters = call.waiters, []
        here = asyncio._get_running_loop()
        for loop, future in waiters:
            if loop is here:
                _wake(future)
            elif not loop.is_closed():
                loop.call_soon_threadsafe(_wake, future)

    def wake(self, call, loop, future):
        """Sets `future` when the call is done; false if it is done already."""
        with self._lock:
            if call.done:
                return False
            call.waiters.append((loop, future))
        if loop not in self._watching:
            loop.add_reader(jail.CHANNEL, self.channel.poll)
            self._watching.add(loop)
        return True


def _wake(future):
    if not future.done():
        future.set_result(None)


def site_of_call():
    """The program's own frames that lead here, innermost first: code, last instruction and line."""
    site = []
    frame = sys._getframe(1)
    for _ in range(_LOOKED_AT):
        if frame is None or len(site) == _KEPT:
            break
        if frame.f_code.co_filename == FILE:
            site.append((frame.f_code, frame.f_lasti, frame.f_lineno))
        frame = frame.f_back
    return site
