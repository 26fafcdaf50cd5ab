"""A call whose value is not there yet, in a program that uses `await`.

It can be awaited, any number of times, and given to asyncio. Wherever else it is
used it waits for its value and behaves as that. C code that insists on a `str`
or a `dict` of its own does not take it; such a use says to await it.
"""

import asyncio
import json
import operator
import sys


class PendingCall:
    """Stands for the value of a call that is under way."""

    __slots__ = ("_pending_call", "_pending_await", "__weakref__")

    def __init__(self, call):
        self._pending_call = call
        self._pending_await = None

    def __await__(self):
        call = self._pending_call
        if not call.done:
            loop = asyncio.get_running_loop()
            future = loop.create_future()
            if call.bridge.wake(call, loop, future):
                yield from future
        return call.result()

    # What asyncio asks of a coroutine.

    def send(self, value):
        if self._pending_await is None:
            self._pending_await = self.__await__()
        return self._pending_await.send(value)

    def throw(self, *raised):
        if self._pending_await is None:
            self._pending_await = self.__await__()
        return self._pending_await.throw(*raised)

    def close(self):
        if self._pending_await is not None:
            self._pending_await.close()

    # What else is asked is asked of the value.

    @property
    def __class__(self):
        return PendingCall if _asked_by_loop() else type(value_of(self))

    def __hash__(self):
        return object.__hash__(self) if _asked_by_loop() else hash(value_of(self))

    def __eq__(self, other):
        if _asked_by_loop():
            return self is other
        return value_of(self) == unwrapped(other)

    def __ne__(self, other):
        return not self == other

    def __getattr__(self, name):
        if _asked_by_loop():
            raise AttributeError(name)
        return getattr(value_of(self), name)

    def __contains__(self, item):
        return unwrapped(item) in value_of(self)

    def __getitem__(self, key):
        return value_of(self)[unwrapped(key)]

    def __setitem__(self, key, item):
        value_of(self)[unwrapped(key)] = item

    def __delitem__(self, key):
        del value_of(self)[unwrapped(key)]

    def __format__(self, how):
        return format(value_of(self), how)

    def __round__(self, *digits):
        return round(value_of(self), *digits)

    def __dir__(self):
        return dir(value_of(self))

    def __reduce_ex__(self, version):
        return unwrapped, (value_of(self),)

    def __copy__(self):
        return value_of(self)

    def __deepcopy__(self, memo):
        return json.loads(json.dumps(value_of(self)))


def unwrapped(value):
    """The value of a pending call, which is waited for; anything else as it is."""
    return value_of(value) if type(value) is PendingCall else value


def value_of(pending):
    """Waits for the value of a pending call."""
    call = pending._pending_call
    if not call.done:
        call.bridge.channel.wait(call)
    return call.result()


def _asked_by_loop():
    """Whether the caller's caller is asyncio, which wants to know the thing itself and not its value."""
    frame = sys._getframe(2)
    name = frame.f_globals.get("__name__", "")
    if name in ("abc", "_collections_abc") and frame.f_back is not None:
        name = frame.f_back.f_globals.get("__name__", "")
    return isinstance(name, str) and (name == "inspect" or name.partition(".")[0] == "asyncio")


def _forward():
    def unary(function):
        return lambda self: function(value_of(self))

    def binary(function):
        return lambda self, other: function(value_of(self), unwrapped(other))

    def reflected(function):
        return lambda self, other: function(unwrapped(other), value_of(self))

    functions = {
        "len": len, "iter": iter, "reversed": reversed, "str": str, "repr": repr, "bool": bool, "int": int,
        "float": float, "complex": complex, "index": operator.index, "neg": operator.neg, "pos": operator.pos,
        "abs": abs, "invert": operator.invert,
    }
    for name, function in functions.items():
        setattr(PendingCall, f"__{name}__", unary(function))
    for name in ("lt", "le", "gt", "ge"):
        setattr(PendingCall, f"__{name}__", binary(getattr(operator, name)))
    arithmetic = "add sub mul truediv floordiv mod pow and_ or_ xor lshift rshift matmul"
    for name in arithmetic.split():
        function = getattr(operator, name)
        name = name.rstrip("_")
        setattr(PendingCall, f"__{name}__", binary(function))
        setattr(PendingCall, f"__r{name}__", reflected(function))
    setattr(PendingCall, "__divmod__", binary(divmod))
    setattr(PendingCall, "__rdivmod__", reflected(divmod))


def _teach_json():
    refuse = json.JSONEncoder.default

    def default(self, value):
        return value_of(value) if type(value) is PendingCall else refuse(self, value)

    json.JSONEncoder.default = default


_forward()
_teach_json()
