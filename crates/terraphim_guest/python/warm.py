"""What programs usually need is imported before there is a program, and shared by all runs."""

import asyncio
import datetime
import importlib
import json
import selectors

from terraphim_guest import encode, figures, program

_USUAL = (
    "argparse", "array", "ast", "asyncio", "asyncio.timeouts", "asyncio.taskgroups", "base64", "bisect", "calendar",
    "collections", "collections.abc", "concurrent.futures", "concurrent.futures.thread", "contextlib", "copy", "csv",
    "dataclasses", "datetime", "decimal", "difflib", "enum", "fractions", "functools", "glob", "hashlib", "heapq",
    "html", "io", "itertools", "json", "logging", "math", "operator", "pathlib", "pprint", "queue", "random", "re",
    "secrets", "shutil", "statistics", "string", "struct", "tempfile", "textwrap", "threading", "time", "traceback",
    "types", "typing", "unicodedata", "urllib.parse", "uuid", "warnings", "xml.etree.ElementTree", "zlib", "zoneinfo",
)
_LIBRARIES = ("numpy", "pandas", "matplotlib", "matplotlib.pyplot")


def import_usual():
    """Imports what is installed; what fails to be imported is left to the program that asks for it."""
    for name in (*_USUAL, *_LIBRARIES):
        try:
            module = importlib.import_module(name)
            if name == "matplotlib":
                module.use("Agg")
        except Exception:
            # Some of it is newer than the interpreter, or not installed, or broken there.
            continue
    figures.hand_over()
    _use_once()


_SAMPLE = """
import asyncio, json
from mcp_servers import terraphim
async def main(items: list, *, limit=1):
    try:
        return {item["a"]: f"{item!r}" for item in items if item} | await terraphim.search(query="x")
    except KeyError as error:
        raise ValueError("x") from error
await main([])
"""


def _use_once():
    """The first use of a compiler, a loop or a format makes tables that every run then shares."""
    program.Program(_SAMPLE)
    encode.encode({"a": [1, 2.5, "x", None, True]})
    json.dumps(json.loads(b'{"a": [1, 2.5, "x", null]}'.decode()))
    datetime.datetime.strptime("2000-01-01", "%Y-%m-%d")
    loop = asyncio.SelectorEventLoop(selectors.PollSelector())
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()
