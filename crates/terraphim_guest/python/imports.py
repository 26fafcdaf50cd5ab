"""Which servers and tools a program imports, found in its tree before it runs."""

import ast
import re

from terraphim_guest import runtime, servers


_MOST_CALLS = 50


class Import:
    """What is asked of the host: a specifier, and names with their places, or all of it."""

    def __init__(self, specifier, node):
        self.specifier = specifier
        self.place = place_of(node)
        # Name to (line, column); nothing where the module is wanted as a whole.
        self.names = {}

    def payload(self, calls=()):
        """What the host is asked, and the calls that stand in the program for it to look at."""
        asked = {"specifier": self.specifier}
        if self.names is not None:
            asked["names"] = list(self.names)
        if calls:
            asked["calls"] = calls
        return asked


def lines_of(source):
    """The lines of a program, as the language counts them."""
    return re.split(r"\r\n|\r|\n", source)


def place_of(node):
    """Line from 1 and column in bytes from 0 of a node."""
    return node.lineno, node.col_offset


def find(nodes, source):
    """The imports of a program by specifier, and the names it takes from `mcp_runtime` with their places."""
    found, of_runtime, aliases = {}, {}, {}
    for node in sorted(nodes.of(ast.Import, ast.ImportFrom), key=place_of):
        if isinstance(node, ast.Import):
            for alias in node.names:
                _module(alias, node, found, aliases)
        elif not node.level:
            _from(node, source, found, of_runtime)
    if aliases:
        _attributes(nodes, aliases, found)
    return list(found.values()), of_runtime


def calls_of(nodes):
    """The calls of tools whose arguments all have names, as the host takes them."""
    servers_by_name, packages = {}, set()
    for node in nodes.of(ast.ImportFrom):
        if node.module == servers.PACKAGE and not node.level:
            servers_by_name.update({alias.asname or alias.name: alias.name for alias in node.names})
    for node in nodes.of(ast.Import):
        names = (alias.asname or alias.name for alias in node.names if alias.name == servers.PACKAGE)
        packages.update(names)
    found = []
    if not servers_by_name and not packages:
        return found
    for node in nodes.of(ast.Call):
        if not isinstance(node.func, ast.Attribute) or node.args:
            continue
        server = _server_of(node.func.value, servers_by_name, packages)
        names = [keyword.arg for keyword in node.keywords]
        if server and None not in names and len(found) < _MOST_CALLS:
            found.append({"server": server, "tool": node.func.attr, "names": names, "line": node.lineno})
    return found


def _server_of(node, servers_by_name, packages):
    if isinstance(node, ast.Name):
        return servers_by_name.get(node.id)
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in packages:
        return node.attr
    return None


def _module(alias, node, found, aliases):
    package, _, server = alias.name.partition(".")
    if package != servers.PACKAGE:
        return
    if server:
        specifier = f"mcp-servers/{server}"
        found.setdefault(specifier, Import(specifier, node))
    if not server or not alias.asname:
        aliases[alias.asname or package] = node


def _from(node, source, found, of_runtime):
    package, _, server = (node.module or "").partition(".")
    if package == runtime.PACKAGE and not server:
        of_runtime.update({alias.name: _alias_place(alias, node, source) for alias in node.names})
    if package != servers.PACKAGE:
        return
    specifier = f"mcp-servers/{server}" if server else "mcp-servers"
    one = found.setdefault(specifier, Import(specifier, node))
    for alias in node.names:
        if alias.name == "*":
            if not server:
                one.names = None
        elif one.names is not None:
            one.names.setdefault(alias.name, _alias_place(alias, node, source))


def _attributes(nodes, aliases, found):
    """Adds the servers that are reached as `mcp_servers.name`; all of them where the module itself is used."""
    inner = set()
    one = None
    for node in nodes.of(ast.Attribute):
        if isinstance(node.value, ast.Name) and node.value.id in aliases:
            inner.add(id(node.value))
            if f"mcp-servers/{node.attr}" in found or node.attr.startswith("__"):
                continue
            one = found.setdefault("mcp-servers", Import("mcp-servers", aliases[node.value.id]))
            if one.names is not None:
                one.names.setdefault(node.attr, place_of(node))
    for node in nodes.of(ast.Name):
        if node.id in aliases and id(node) not in inner:
            one = found.setdefault("mcp-servers", Import("mcp-servers", aliases[node.id]))
            one.names = None


def _alias_place(alias, node, source):
    if hasattr(alias, "lineno"):
        return place_of(alias)
    # Before Python 3.10 a name of an import has no place of its own.
    lines = lines_of(source)[node.lineno - 1 : node.end_lineno]
    skipped = re.search(r"\bimport\b", lines[0])
    for number, line in enumerate(lines):
        start = skipped.end() if skipped and number == 0 else 0
        found = re.compile(rf"\b{re.escape(alias.name)}\b").search(line, start)
        if found:
            return node.lineno + number, len(line[: found.start()].encode())
    return place_of(node)
