"""What programs usually need is imported before there is a program, and shared by all runs."""

import importlib

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
    _strptime()


def _strptime():
    import datetime

    # It looks for its locale when it is used for the first time.
    datetime.datetime.strptime("2000-01-01", "%Y-%m-%d")
