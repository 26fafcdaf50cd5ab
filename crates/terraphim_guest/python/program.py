"""From a program's text to code: its tree, what is its result, and what can be said of it before it runs."""

import ast
import asyncio
import builtins
import re
import sys
import types

from terraphim_guest import imports
from terraphim_guest.calls import FILE
from terraphim_guest.imports import lines_of

# Names that no program can write, so that none of its own is taken.
LAST, SETTLE, WRAPPER = "<last>", "<settle>", "<module>"
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_SCOPES = (*_FUNCTIONS, ast.ClassDef, ast.Lambda)
_IMPORTS = (ast.Import, ast.ImportFrom)
_ASYNC = (ast.Await, ast.AsyncFor, ast.AsyncWith, ast.AsyncFunctionDef)
# What may bind a name that nothing in the text binds.
_BINDING = frozenset(("exec", "globals", "setattr", "vars"))
_DECLARATIONS = (*_FUNCTIONS, ast.ClassDef, ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign, ast.Pass)


class NotAProgram(Exception):
    """Why a text is no program: message, hint, line and column in characters, both from 1 or 0."""

    def __init__(self, message, hint, line=0, column=0):
        super().__init__(message)
        self.message, self.hint, self.line, self.column = message, hint, line, column


class Nodes:
    """The nodes of a tree by their kind, those of one kind from the outside in."""

    # The names of the fields that lead to other nodes, for each kind that was seen.
    _fields = {}

    def __init__(self, tree):
        self._of_kind = {}
        waiting = [tree]
        for node in waiting:
            kind = type(node)
            self._of_kind.setdefault(kind, []).append(node)
            fields = self._fields.get(kind)
            if fields is None:
                # Whether a name is read or written is no node of its own.
                fields = self._fields[kind] = tuple(name for name in kind._fields if name != "ctx")
            for name in fields:
                value = getattr(node, name, None)
                if isinstance(value, ast.AST):
                    waiting.append(value)
                elif isinstance(value, list):
                    waiting.extend([inner for inner in value if isinstance(inner, ast.AST)])

    def of(self, *kinds):
        """Those of these kinds, one kind after the other."""
        if len(kinds) == 1:
            return self._of_kind.get(kinds[0], ())
        return [node for kind in kinds for node in self._of_kind.get(kind, ())]

    def named(self):
        """Those that may bind a name which is a plain text."""
        kinds = [kind for kind in self._of_kind if "name" in kind._fields or "rest" in kind._fields]
        return self.of(*kinds, *_IMPORTS)


class Program:
    """A compiled program."""

    def __init__(self, source):
        self.source = source[1:] if source.startswith("\ufeff") else source
        tree = self._parse()
        nodes = Nodes(tree)
        self.defers = any(map(_is_async, nodes.of(*_ASYNC, *_IMPORTS, ast.comprehension)))
        self.imports, self.of_runtime = imports.find(nodes, self.source)
        self.calls = imports.calls_of(nodes)
        self.warnings = _unbound_servers(nodes)
        self.absent = _absent(nodes)
        self.only_function = _only_function(tree)
        self.is_wrapped = bool(nodes.of(ast.Return)) and _returns(tree.body)
        if self.defers:
            _settle_statements(nodes)
        if not self.only_function:
            _keep_last(tree.body, self.is_wrapped)
        if self.is_wrapped:
            tree = _wrap(tree)
        self.code = self._guarded(lambda: compile(tree, FILE, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, True))

    def _parse(self):
        if not self.source.strip():
            raise NotAProgram("the program is empty", "write at least one statement", 1, 1)
        if "\0" in self.source:
            place = position(self.source, self.source.index("\0"))
            hint = "leave it out, or write \\0 where it is meant"
            raise NotAProgram("the program contains a NUL character", hint, *place)
        flags = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        return self._guarded(lambda: compile(self.source, FILE, "exec", flags, True))

    def _guarded(self, work):
        try:
            return work()
        except SyntaxError as error:
            name = type(error).__name__
            message = error.msg if name == "SyntaxError" else f"{name}: {error.msg}"
            column = error.offset or 0
            raise NotAProgram(message, self._hint(error), error.lineno or 0, max(0, column)) from None
        except (RecursionError, MemoryError):
            raise NotAProgram("the program is nested too deeply", "write it in simpler terms") from None
        except ValueError as error:
            raise NotAProgram(str(error), "") from None

    def _hint(self, error):
        lines = lines_of(self.source)
        line = lines[error.lineno - 1] if error.lineno and error.lineno <= len(lines) else ""
        if re.match(r"\s*(const|let|var)\s+[\w{\[]", line) or "=>" in line or re.match(r"\s*import\s*\{", line):
            return "this is read as Python: write it in Python, or name the language it is in"
        return "the program is read as Python {}.{}".format(*sys.version_info)


def position(source, offset):
    """Line and column in characters, both from 1, of an offset in characters."""
    before = lines_of(source[:offset])
    return len(before), len(before[-1]) + 1


def column_of(source, line, column_bytes):
    """The column in characters, from 1, of one in bytes, from 0."""
    lines = lines_of(source)
    text = lines[line - 1] if 0 < line <= len(lines) else ""
    return len(text.encode("utf-8", "replace")[:column_bytes].decode("utf-8", "ignore")) + 1


def _is_async(node):
    if isinstance(node, ast.comprehension):
        return bool(node.is_async)
    if isinstance(node, ast.Import):
        return any(alias.name.partition(".")[0] == "asyncio" for alias in node.names)
    if isinstance(node, ast.ImportFrom):
        return (node.module or "").partition(".")[0] == "asyncio"
    return isinstance(node, _ASYNC)


def _only_function(tree):
    """The function to call if the program does nothing but declare: `main`, or the one that needs nothing."""
    body = tree.body
    if body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        body = body[1:]
    if not all(isinstance(statement, _DECLARATIONS) for statement in body):
        return None
    functions = [statement for statement in body if isinstance(statement, _FUNCTIONS)]
    free = [function.name for function in functions if not _needs_arguments(function.args)]
    if "main" in free:
        return "main"
    return free[0] if len(free) == 1 else None


def _needs_arguments(arguments):
    positional = len(arguments.posonlyargs) + len(arguments.args)
    return positional > len(arguments.defaults) or None in arguments.kw_defaults


def _own_nodes(body):
    """The nodes that run in the scope of these statements."""
    waiting = list(reversed(body))
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, _SCOPES):
            continue
        waiting.extend(ast.iter_child_nodes(node))


def _returns(body):
    return any(isinstance(node, ast.Return) for node in _own_nodes(body))


def _settle_statements(nodes):
    """A call whose value nobody takes is waited for where it stands, so that its failure is not lost."""
    for node in nodes.of(ast.Expr):
        if isinstance(node.value, ast.Call):
            call = node.value
            settle = ast.copy_location(ast.Name(SETTLE, ast.Load()), call)
            node.value = ast.copy_location(ast.Call(settle, [call], []), call)


def _keep_last(body, is_wrapped):
    """Keeps the value of the expression that ends the program."""
    last = body[-1]
    if isinstance(last, ast.Expr):
        if is_wrapped:
            value = ast.copy_location(ast.Tuple([last.value], ast.Load()), last.value)
            body[-1] = ast.copy_location(_Kept(value), last)
        else:
            target = ast.copy_location(ast.Name(LAST, ast.Store()), last)
            body[-1] = ast.copy_location(ast.Assign([target], last.value), last)
    elif isinstance(last, ast.If):
        _keep_last(last.body, is_wrapped)
        if last.orelse:
            _keep_last(last.orelse, is_wrapped)
    elif isinstance(last, (ast.With, ast.AsyncWith)):
        _keep_last(last.body, is_wrapped)
    elif isinstance(last, ast.Try):
        _keep_last(last.orelse or last.body, is_wrapped)
        for handler in last.handlers:
            _keep_last(handler.body, is_wrapped)
    elif type(last).__name__ == "Match":
        for case in last.cases:
            _keep_last(case.body, is_wrapped)


class _Kept(ast.Return):
    """A `return` that the program did not write."""


def _wrap(tree):
    """Puts a program with `return` at its top into a function whose names are global all the same.

    What it returns is a tuple of one value, so that a bare `return` is told from `return None`.
    """
    names, body = _bound_names(tree.body), tree.body
    _unwrap_annotations(body)
    for node in list(_own_nodes(body)):
        if type(node) is ast.Return and node.value is not None:
            node.value = ast.copy_location(ast.Tuple([node.value], ast.Load()), node.value)
    kind = ast.AsyncFunctionDef if any(map(_awaits, _own_nodes(body))) else ast.FunctionDef
    arguments = ast.arguments(posonlyargs=[], args=[], kwonlyargs=[], kw_defaults=[], defaults=[])
    first = [ast.Global(names)] if names else []
    function = kind(name=WRAPPER, args=arguments, body=first + body, decorator_list=[], type_params=[])
    function = ast.copy_location(function, body[0])
    return ast.fix_missing_locations(ast.Module([function], []))


def _awaits(node):
    return isinstance(node, (ast.Await, ast.AsyncFor, ast.AsyncWith)) or (
        isinstance(node, ast.comprehension) and bool(node.is_async)
    )


def _unwrap_annotations(body):
    """A name that is global in a function cannot be annotated there."""

    class Plain(ast.NodeTransformer):
        def visit_AnnAssign(self, node):
            if not isinstance(node.target, ast.Name):
                return node
            plain = ast.Assign([node.target], node.value) if node.value else ast.Pass()
            return ast.copy_location(plain, node)

        def _keep(self, node):
            return node

        visit_FunctionDef = visit_AsyncFunctionDef = visit_ClassDef = visit_Lambda = _keep

    body[:] = [Plain().visit(statement) for statement in body]


def _bound_names(body):
    names = set()
    for node in _own_nodes(body):
        names |= _names_bound_by(node)
    return sorted(names)


def _names_bound_by(node):
    if isinstance(node, ast.Name):
        return set() if isinstance(node.ctx, ast.Load) else {node.id}
    if isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
        return {node.name}
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return {(alias.asname or alias.name).partition(".")[0] for alias in node.names} - {"*"}
    # An exception's name and those of patterns are plain texts.
    names = {getattr(node, field, None) for field in ("name", "rest")}
    return {name for name in names if isinstance(name, str)}


def _unbound_servers(nodes):
    """Warnings of `x.f(...)` where nothing in the program binds `x`: (line, name)."""
    used = {}
    for call in nodes.of(ast.Call):
        if isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name):
            used.setdefault(call.func.value.id, call.func.value.lineno)
    unbound = used.keys() - vars(builtins).keys() - {"__file__"}
    if not unbound or any(alias.name == "*" for node in nodes.of(ast.ImportFrom) for alias in node.names):
        return []
    for node in nodes.of(ast.Name):
        if node.id in _BINDING:
            return []
        if not isinstance(node.ctx, ast.Load):
            unbound.discard(node.id)
    unbound.difference_update(node.arg for node in nodes.of(ast.arg))
    for node in nodes.of(ast.Global, ast.Nonlocal):
        unbound.difference_update(node.names)
    for node in nodes.named():
        unbound -= _names_bound_by(node)
    return [(line, name) for name, line in used.items() if name in unbound]


_NETWORK = "there is no network: call a tool of mcp_servers, which search_tools('...') finds"
_ABSENT = {
    "requests": _NETWORK, "urllib3": _NETWORK, "httpx": _NETWORK, "aiohttp": _NETWORK, "socket": _NETWORK,
    "urllib.request": _NETWORK, "http.client": _NETWORK, "ftplib": _NETWORK, "smtplib": _NETWORK,
    "subprocess": "there are no other processes: call a tool of mcp_servers, or use a Bash program",
    "multiprocessing": "there are no other processes: use threads, or asyncio.gather for calls",
}


def _absent(nodes):
    """Advice about modules that cannot do here what they are for: (line, text)."""
    found = {}
    for node in nodes.of(*_IMPORTS):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        for name in names:
            if name in _ABSENT:
                found.setdefault(_ABSENT[name], (node.lineno, f"`{name}` is of no use here: {_ABSENT[name]}"))
    return list(found.values())


def needs_loop(value):
    """Whether a value is to be awaited."""
    # To asyncio of older versions a generator is a coroutine, too.
    return isinstance(value, types.CoroutineType) or asyncio.isfuture(value)


def leave_behind(names):
    """Has functions that a program leaves to those that follow name lines of another file than theirs."""
    for value in list(names.values()):
        if isinstance(value, types.FunctionType):
            _rename(value)
        elif isinstance(value, type) and value.__module__ == "__main__":
            for member in list(vars(value).values()):
                if isinstance(member, types.FunctionType):
                    _rename(member)


def _rename(function):
    if function.__code__.co_filename == FILE:
        function.__code__ = _renamed(function.__code__)


def _renamed(code):
    inner = (_renamed(one) if isinstance(one, types.CodeType) else one for one in code.co_consts)
    return code.replace(co_filename=f"earlier {FILE}", co_consts=tuple(inner))
