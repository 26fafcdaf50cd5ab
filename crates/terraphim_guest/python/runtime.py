"""`mcp_runtime`: looking for tools, the workspace, `ToolError` and the helpers."""

import builtins
import sys
import types
from collections.abc import Mapping

from terraphim_guest.deferred import unwrapped
from terraphim_guest.errors import ToolError
from terraphim_guest.helpers import HELPERS
from terraphim_guest.servers import unknown

PACKAGE = "mcp_runtime"


def _camel(name):
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)


def _make_search(bridge):
    def search_tools(query=None, *, category=None, capabilities=None, server=None, detail=None, limit=None,
                     offset=None, max_tokens=None):
        """Finds tools: {tools, total, ...}. `capabilities` is a list of which any will do."""
        query = unwrapped(query)
        asked = dict(query) if isinstance(query, Mapping) else {"query": query}
        capabilities = [capabilities] if isinstance(capabilities, str) else capabilities
        more = {"category": category, "capabilities": capabilities, "server": server, "detail": detail, "limit": limit,
                "offset": offset, "max_tokens": max_tokens}
        asked.update({name: value for name, value in more.items() if value is not None})
        asked = {name: value for name, value in asked.items() if value is not None}
        return bridge.call("search_tools", asked, {"server": PACKAGE, "tool": "search_tools"})

    return search_tools


def _make_docs(bridge):
    about = {"server": PACKAGE, "tool": "get_tool_docs"}

    def get_tool_docs(names, *, detail=None, max_tokens=None):
        """The documents of tools: of one name its document, of a list {docs, unknown, ...}."""
        names = unwrapped(names)
        asked = {"names": [names] if isinstance(names, str) else list(names)}
        asked.update({} if detail is None else {"detail": detail})
        asked.update({} if max_tokens is None else {"max_tokens": max_tokens})
        if isinstance(names, str):
            return bridge.call("tool_docs", asked, about, lambda page: _only(page, names))
        return bridge.call("tool_docs", asked, about)

    return get_tool_docs


def _only(page, name):
    for level in ("docs", "brief"):
        if page.get(level):
            return page[level][0]
    if page.get("names"):
        return {"name": page["names"][0]}
    near = page["unknown"][0].get("nearest") if page.get("unknown") else None
    hint = f"did you mean {', '.join(near)}?" if near else "find tools with search_tools('what you need')"
    raise unknown(f"there is no tool `{name}`", hint, PACKAGE, "get_tool_docs")


class Workspace:
    """Data that outlives the run, as JSON under names."""

    def __init__(self, bridge):
        self._bridge = bridge

    def _call(self, operation, payload, tool):
        return self._bridge.call(operation, payload, {"server": "workspace", "tool": tool})

    def save_data(self, name, value):
        """Keeps a value; gives {path, bytes}."""
        return self._call("workspace.save", {"name": str(name), "value": value}, "save_data")

    def load_data(self, name):
        """The value that was kept under a name."""
        return self._call("workspace.load", {"name": str(name)}, "load_data")

    def list(self):
        """The names that there are."""
        return self._call("workspace.list", {}, "list")

    def checkpoint(self, name):
        """Keeps the whole workspace as it is now under a name; gives {name, files, bytes, taken}."""
        return self._call("workspace.checkpoint", {"name": str(name)}, "checkpoint")

    def checkpoints(self):
        """The checkpoints that there are."""
        return self._call("workspace.checkpoints", {}, "checkpoints")

    def restore(self, name):
        """Makes the workspace what it was at a checkpoint, once this program has ended."""
        return self._call("workspace.restore", {"name": str(name)}, "restore")

    saveData = save_data
    loadData = load_data


def install(bridge):
    """Makes `mcp_runtime` importable and the helpers known without import; gives the module."""
    module = types.ModuleType(PACKAGE, __doc__)
    members = {
        "search_tools": _make_search(bridge), "get_tool_docs": _make_docs(bridge), "workspace": Workspace(bridge),
        "ToolError": ToolError, **HELPERS,
    }
    for name, member in members.items():
        setattr(module, name, member)
        setattr(module, _camel(name), member)
    module.__all__ = list(members)
    for name in ("ToolError", *HELPERS):
        setattr(builtins, name, members[name])
    sys.modules[PACKAGE] = module
    return module
