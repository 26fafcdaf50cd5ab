"""Small helpers for lists of records. `by` is a key, an attribute's name or a function."""

import math
import sys
from collections.abc import Mapping

from terraphim_guest.deferred import unwrapped


def _getter(by):
    if callable(by):
        return by

    def read(item):
        item = unwrapped(item)
        if isinstance(item, Mapping):
            return item.get(by)
        return getattr(item, by, None) if isinstance(by, str) else None

    return read


def _records(items):
    """The items; a table of pandas by its rows."""
    items = unwrapped(items)
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(items, pandas.DataFrame):
        return items.to_dict("records")
    return items


def group_by(items, by):
    """A dict from each key to the list of its items."""
    read, groups = _getter(by), {}
    for item in _records(items):
        groups.setdefault(read(item), []).append(item)
    return groups


def count_by(items, by):
    """A dict from each key to the number of its items."""
    read, counts = _getter(by), {}
    for item in _records(items):
        key = read(item)
        counts[key] = counts.get(key, 0) + 1
    return counts


def sum_by(items, by):
    """The sum of a number of each item; what is no number counts as 0."""
    read, total = _getter(by), 0
    for item in _records(items):
        total += _number(read(item))
    return total


def _number(value):
    value = unwrapped(value)
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return 0
    try:
        return 0 if value is None or math.isnan(value) else value
    except TypeError:
        return 0


def sort_by(items, by, direction="asc"):
    """A sorted list; what has no such key stands last, with `desc` first."""
    read = _getter(by)
    pairs = [(read(item), item) for item in _records(items)]
    keyed = [pair for pair in pairs if pair[0] is not None]
    without = [item for key, item in pairs if key is None]
    is_down = direction == "desc"
    ordered = [item for _, item in sorted(keyed, key=lambda pair: pair[0], reverse=is_down)]
    return without + ordered if is_down else ordered + without


def top_n(items, n, by=None):
    """The `n` greatest items, the greatest first."""
    read = _getter(by) if by is not None else unwrapped
    known = [item for item in _records(items) if read(item) is not None]
    return sort_by(known, read, "desc")[:n]


def uniq_by(items, by):
    """The first item of each key."""
    read, seen, kept = _getter(by), set(), []
    for item in _records(items):
        key = read(item)
        if key not in seen:
            seen.add(key)
            kept.append(item)
    return kept


def chunk(items, size):
    """Lists of `size` items, the last one shorter."""
    if not size >= 1:
        raise ValueError("chunk needs a size of at least 1")
    items, step = list(_records(items)), int(size)
    return [items[at : at + step] for at in range(0, len(items), step)]


def pick(item, names):
    """A dict of only these keys."""
    item = unwrapped(item)
    return {name: item[name] for name in names if name in item}


def omit(item, names):
    """A dict without these keys."""
    left_out = set(names)
    return {name: value for name, value in unwrapped(item).items() if name not in left_out}


HELPERS = {
    helper.__name__: helper
    for helper in (group_by, count_by, sum_by, sort_by, top_n, uniq_by, chunk, pick, omit)
}
