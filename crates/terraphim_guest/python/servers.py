"""`mcp_servers`: a module for each server, a callable for each tool."""

import difflib
import importlib.abc
import importlib.machinery
import keyword
import sys
import types
from collections.abc import Mapping

from terraphim_guest.deferred import unwrapped
from terraphim_guest.errors import ToolError, bridge_error, from_bridge

PACKAGE = "mcp_servers"


class UnknownTool(ToolError, AttributeError):
    """A name that a server, or `mcp_servers`, does not have."""


UnknownTool.__module__ = "mcp_runtime"


class Tool:
    """One tool of a server. Called with keyword arguments, or with one dict of them."""

    def __init__(self, bridge, server, name, identifier, raw=False):
        self._bridge = bridge
        self._raw = raw
        self._about = {"server": server, "tool": name}
        self.__name__ = self.__qualname__ = identifier
        self.__module__ = PACKAGE
        if not raw:
            self.raw = Tool(bridge, server, name, identifier, True)

    def __call__(self, /, *positional, **arguments):
        request = {**self._about, "raw": self._raw}
        # The host knows which argument a keyword stands for; the keys of a dict stand for themselves.
        if not positional:
            if arguments:
                request["keywords"] = True
        else:
            given = self._one_dict(positional)
            if arguments:
                request["keywords"] = list(arguments)
                arguments = {**given, **arguments}
            else:
                arguments = given
        return self._bridge.call("tool", {**request, "arguments": arguments}, self._about)

    def _one_dict(self, positional):
        given = unwrapped(positional[0])
        if len(positional) == 1 and (given is None or isinstance(given, Mapping)):
            return given or {}
        what = f"{len(positional)} values" if len(positional) > 1 else f"a value of type {type(given).__name__}"
        call = self._bridge.begin_call("misgiven", {**self._about, "given": what}, self._about)
        try:
            self._bridge.finish(call)
        except ToolError as error:
            hint = f": {error.hint}" if error.hint else ""
            raise TypeError(f"{error.message}{hint}") from None

    def __repr__(self):
        return f"<tool {self._about['server']}.{self._about['tool']}>"


class UnavailableTool:
    """A tool of a server that gives no tools: its call says why."""

    def __init__(self, server, name, message):
        self._details = {"server": server, "tool": name, "kind": "tool", "message": message}

    def __call__(self, /, *positional, **arguments):
        raise bridge_error(self._details)

    @property
    def raw(self):
        return self


class Server(types.ModuleType):
    """The tools of one server as attributes, and by their names in brackets; made from the host's table of it."""

    def __init__(self, /, *parts, **_arguments):
        if "_by_name" in self.__dict__:
            # A program means the tool of this name.
            raise self._behind_a_dot("__init__")
        bridge, table = parts
        super().__init__(f"{PACKAGE}.{table['identifier']}")
        self.__path__ = []
        own = self.__dict__
        own["_server"], own["_error"] = table["server"], table.get("error")
        own["_tools"] = [tool["name"] for tool in table["tools"]]
        tools = [(tool, Tool(bridge, table["server"], tool["name"], tool["identifiers"][0])) for tool in table["tools"]]
        # Names of tools come before those that are made of names, so that the order of the table changes nothing.
        for tool, made in tools:
            self._give(made, *tool["identifiers"])
        for tool, made in tools:
            self._give(made, tool["name"])
        own["_by_name"] = {tool["name"]: made for tool, made in tools}
        for tool, made in sorted(tools, key=lambda one: one[0]["name"]):
            # A word of the language cannot stand behind a dot.
            words = filter(keyword.iskeyword, [*tool["identifiers"], tool["name"]])
            self._give(made, *(word + "_" for word in words))

    def _give(self, made, *names):
        for name in names:
            if not name.startswith("__"):
                self.__dict__.setdefault(name, made)

    def __getitem__(self, name):
        """The tool of a name, which may be one that cannot stand behind a dot."""
        if not isinstance(name, str):
            raise TypeError(f"a tool is named by a text, not by a value of type {type(name).__name__}")
        made = self._by_name.get(name)
        if made is None and not name.startswith("_"):
            made = self.__dict__.get(name)
        return self._absent(name) if made is None else made

    def _behind_a_dot(self, name):
        server = self.__name__.rpartition(".")[2]
        return unknown(f"Python itself uses the name `{name}` behind a dot", f'write {server}["{name}"](...)',
                       self._server, name)

    def __getattr__(self, name):
        if name.startswith("__"):
            if name in self.__dict__.get("_by_name", ()):
                raise self._behind_a_dot(name)
            raise AttributeError(name)
        return self._absent(name)

    def _absent(self, name):
        if self._error is not None:
            return UnavailableTool(self._server, name, self._error)
        known = difflib.get_close_matches(name, self._tools, 3, 0.5)
        hint = f"did you mean {', '.join(known)}?" if known else f"its tools: search_tools(server='{self._server}')"
        raise unknown(f"the server `{self._server}` has no tool `{name}`", hint, self._server, name)

    def __dir__(self):
        return [name for name in self.__dict__ if not name.startswith("_")]

    def __repr__(self):
        return f"<server {self._server}>"


def unknown(message, hint, server, tool):
    """The error of a name that stands for nothing."""
    return from_bridge(UnknownTool(message, server, tool, "unknown", hint))


class Servers(types.ModuleType):
    """`mcp_servers`: the servers as attributes; one that is not linked yet is asked for."""

    def __init__(self, bridge):
        super().__init__(PACKAGE, "The connected servers; each is a module with its tools.")
        self.__path__ = []
        self.__dict__["_bridge"] = bridge

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        about = {"server": name, "tool": "import"}
        call = self._bridge.begin_call("import", {"specifier": "mcp-servers", "names": [name]}, about)
        try:
            reply = self._bridge.finish(call)
        except ToolError as error:
            raise unknown(error.message, error.hint, name, "import") from None
        return self.add(reply, name)

    def add(self, reply, asked=None):
        """Adds the servers of a reply; gives the first one, which also gets the name it was asked for by."""
        first = None
        for table in reply["servers"]:
            server = sys.modules.get(f"{PACKAGE}.{table['identifier']}")
            if not isinstance(server, Server):
                server = Server(self._bridge, table)
            first = first or server
            for name in (table["identifier"], table["server"]):
                sys.modules[f"{PACKAGE}.{name}"] = server
                self.__dict__[name] = server
        if asked is not None and first is not None:
            sys.modules[f"{PACKAGE}.{asked}"] = first
            self.__dict__[asked] = first
        return first


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Asks the host for `mcp_servers.x` where it is imported while the program runs."""

    def __init__(self, servers):
        self._servers = servers

    def find_spec(self, fullname, path=None, target=None):
        package, _, name = fullname.partition(".")
        if package != PACKAGE or not name or "." in name:
            return None
        return importlib.machinery.ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec):
        name = spec.name.partition(".")[2]
        try:
            return getattr(self._servers, name)
        except ToolError as error:
            hint = f": {error.hint}" if error.hint else ""
            raise ModuleNotFoundError(f"{error.message}{hint}", name=spec.name) from None

    def exec_module(self, module):
        """The module is whole already."""


def install(bridge):
    """Makes `mcp_servers` importable; gives it."""
    servers = Servers(bridge)
    sys.modules[PACKAGE] = servers
    sys.meta_path.insert(0, _Finder(servers))
    return servers
