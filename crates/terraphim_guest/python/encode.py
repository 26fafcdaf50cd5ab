"""Values of a program as JSON text.

Beside what JSON has: tuples and sets are lists, dataclasses and named tuples are
objects, dates and times are ISO 8601, integers that not every reader keeps exact
are texts, NaN and infinities are null. Anything else is an error that names its place in the value.
Nesting is followed on a list of our own, so that no value overflows the stack.
"""

import collections
import collections.abc
import dataclasses
import datetime
import decimal
import enum
import fractions
import inspect
import math
import pathlib
import sys
import types
import uuid
from json.encoder import encode_basestring

from terraphim_guest.errors import Unusable

MOST_NESTED = 1000
# The largest integer that every reader of JSON keeps exact, and above which no float is written as a whole number.
EXACT = 2**53 - 1
_WHOLE = 1e21
_SEQUENCES = (list, tuple, set, frozenset, collections.deque, range, *map(type, ({}.keys(), {}.values(), {}.items())))
_AS_TEXT = (decimal.Decimal, fractions.Fraction, uuid.UUID, pathlib.PurePath, datetime.timedelta)
_CALLABLE = (
    types.FunctionType, types.BuiltinFunctionType, types.MethodType, types.LambdaType, types.BuiltinMethodType,
)


class _Level:
    """A list or object that is being written: its items, its end and where it is."""

    __slots__ = ("items", "closing", "step", "identity", "is_first")

    def __init__(self, items, closing, identity):
        self.items = items
        self.closing = closing
        self.identity = identity
        self.step = ""
        self.is_first = True


def encode(value, noun="result", unwrap=None, wide=False):
    """JSON text of a value. `unwrap` gives what stands behind a call that was not awaited.

    Integers beyond those of a double become texts, or with `wide` have 64 bits. Raises `Unusable`, which begins with `noun`, for what has no JSON.
    """
    parts = []
    levels = []
    open_ids = set()
    while True:
        try:
            text, level = _begin(value, unwrap, wide)
        except Unusable as error:
            raise Unusable(f"{_path(noun, levels)} is {error}") from None
        if level is None:
            parts.append(text)
        else:
            if level.identity in open_ids:
                cycle = "refers to a value that it is part of: give plain data without a cycle"
                raise Unusable(f"{_path(noun, levels)} {cycle}")
            if len(levels) >= MOST_NESTED:
                raise Unusable(f"the {noun} is nested more than {MOST_NESTED} levels deep: give flatter data")
            open_ids.add(level.identity)
            parts.append(text)
            levels.append(level)
        while levels:
            level = levels[-1]
            following = next(level.items, None)
            if following is not None:
                break
            parts.append(level.closing)
            open_ids.discard(level.identity)
            levels.pop()
        else:
            return "".join(parts)
        key, value = following
        if not level.is_first:
            parts.append(",")
        level.is_first = False
        if level.closing == "}":
            name = _key(key)
            level.step = f".{name}" if name.isidentifier() else f"[{encode_basestring(name)}]"
            parts.append(encode_basestring(name) + ":")
        else:
            level.step = f"[{key}]"


def _path(noun, levels):
    path = (noun if levels else f"the {noun}") + "".join(level.step for level in levels)
    return path if len(path) <= 300 else f"{path[:150]}...{path[-150:]}"


def _key(key):
    """The name under which JSON knows a key; as `json` writes those that it takes."""
    if type(key) is str:
        return key
    if key is None or key is True or key is False:
        return {None: "null", True: "true", False: "false"}[key]
    if isinstance(key, enum.Enum):
        return _key(key.value)
    if isinstance(key, (datetime.date, datetime.time)):
        return key.isoformat()
    return str(key)


def _number(value, wide):
    if not isinstance(value, float):
        if wide and not -(2**63) <= value < 2**64:
            raise Unusable("an integer of more than 64 bits: send it as a text, with str()")
        return int.__repr__(value) if wide or -EXACT <= value <= EXACT else f'"{value}"'
    if not math.isfinite(value):
        return "null"
    text = float.__repr__(value)
    if not value.is_integer() or not -_WHOLE < value < _WHOLE:
        return text
    # JSON has one kind of number: a whole one is written as such.
    digits, _, exponent = text.partition("e")
    whole, _, fraction = digits.partition(".")
    if exponent:
        return whole + fraction + "0" * (int(exponent) - len(fraction))
    return "0" if whole == "-0" else whole


def _begin(value, unwrap, wide):
    """The text of a scalar, or the opening of a list or object with its level."""
    kind = type(value)
    if kind is str:
        return encode_basestring(value), None
    if value is None:
        return "null", None
    if kind is bool:
        return ("true" if value else "false"), None
    if kind is int or kind is float:
        return _number(value, wide), None
    if kind is dict:
        return "{", _Level(iter(value.items()), "}", id(value))
    if kind is list or kind is tuple:
        return "[", _Level(enumerate(value), "]", id(value))
    if unwrap is not None:
        plain = unwrap(value)
        if plain is not value:
            return _begin(plain, unwrap, wide)
    return _begin_other(value, unwrap, wide)


def _begin_other(value, unwrap, wide):
    if isinstance(value, enum.Enum):
        return _begin(value.value, unwrap, wide)
    if isinstance(value, str):
        return encode_basestring(str.__str__(value)), None
    if isinstance(value, (int, float)):
        # A subclass may say anything of itself; the number that it is stands.
        plain = float.__float__(value) if isinstance(value, float) else int.__int__(value)
        return _number(plain, wide), None
    if isinstance(value, (bytes, bytearray, memoryview)):
        raise Unusable("bytes: decode them, or write them with base64")
    if _is_missing(value):
        return "null", None
    if isinstance(value, (datetime.date, datetime.time)):
        return encode_basestring(value.isoformat()), None
    if isinstance(value, _AS_TEXT):
        return encode_basestring(str(value)), None
    members = _members(value)
    if members is not None:
        return "{", _Level(iter(members), "}", id(value))
    items = _items(value)
    if items is not None:
        return "[", _Level(enumerate(items), "]", id(value))
    plain = _of_libraries(value)
    if plain is not value:
        return _begin(plain, unwrap, wide)
    raise Unusable(_refusal(value))


def _is_missing(value):
    pandas = sys.modules.get("pandas")
    return pandas is not None and (value is pandas.NaT or value is pandas.NA)


def _members(value):
    """Pairs of names and values of what is an object in JSON, or nothing."""
    if isinstance(value, collections.abc.Mapping):
        return list(value.items())
    if isinstance(value, tuple) and isinstance(getattr(value, "_fields", None), tuple):
        return list(zip(value._fields, value))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return [(field.name, getattr(value, field.name)) for field in dataclasses.fields(value)]
    if isinstance(value, types.SimpleNamespace):
        return list(vars(value).items())
    if isinstance(value, BaseException):
        return [("name", type(value).__name__), ("message", str(value))]
    return None


def _items(value):
    if isinstance(value, (set, frozenset)):
        try:
            return sorted(value)
        except TypeError:
            return list(value)
    return value if isinstance(value, _SEQUENCES) else None


def _of_libraries(value):
    """What stands for a value of numpy or pandas, where they are loaded; else the value itself."""
    numpy, pandas = sys.modules.get("numpy"), sys.modules.get("pandas")
    if numpy is not None and isinstance(value, numpy.generic):
        plain = value.item()
        # An extended float gives itself.
        return float(plain) if isinstance(plain, numpy.generic) else plain
    if numpy is not None and isinstance(value, numpy.ndarray):
        return value.tolist()
    if pandas is None:
        return value
    if isinstance(value, pandas.DataFrame):
        if isinstance(value.columns, pandas.MultiIndex):
            value = value.set_axis(["_".join(map(str, names)) for names in value.columns], axis=1)
        return value.to_dict("records")
    if isinstance(value, pandas.Series):
        if isinstance(value.index, pandas.RangeIndex):
            return value.tolist()
        return {_index_name(name): item for name, item in value.items()}
    if isinstance(value, (pandas.Index, pandas.api.extensions.ExtensionArray)):
        return list(value)
    if isinstance(value, (pandas.Period, pandas.Interval)):
        return str(value)
    return value


def _index_name(name):
    return ", ".join(map(str, name)) if isinstance(name, tuple) else name


def _refusal(value):
    if inspect.iscoroutine(value) or inspect.isawaitable(value):
        return "a coroutine: await it (a list of them with asyncio.gather)"
    if isinstance(value, _CALLABLE):
        return "a function: call it, or return its result"
    if isinstance(value, type):
        return "a class: return a value"
    if isinstance(value, types.ModuleType):
        return "a module: return a value"
    if isinstance(value, collections.abc.Iterator):
        return f"an iterator ({type(value).__name__}): make a list of it"
    return f"an object of class {type(value).__name__}: return a dict, or make it a dataclass"
