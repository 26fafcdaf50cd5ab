"""What ended a program, in words that a model can act on, with places in its own lines."""

import builtins
import difflib
import pkgutil
import sys
import traceback

from terraphim_guest import wire
from terraphim_guest.calls import FILE
from terraphim_guest.deferred import PendingCall
from terraphim_guest.errors import ToolError, Unusable, is_from_bridge
from terraphim_guest.program import WRAPPER, column_of

TEXT_BYTES = 16 << 10
_STACK_FRAMES = 20
_CAUSES = 3
_CAUSE_CHARS = 200
# How many groups of exceptions within each other are told.
_GROUPS = 3
UNREADABLE = "an error that cannot be read"
_KINDS = {"limit": wire.LIMIT, "denied": wire.DENIED}
_NETWORK_FILES = ("socket.py", "ssl.py", "selector_events.py", "/http/client.py", "/urllib/request.py")
_NO_NETWORK = "there is no network: use a tool of mcp_servers"


class Failure:
    """How a run failed: kind, texts, and a place of lines and characters from 1, or 0."""

    def __init__(self, kind, message, hint="", line=0, column=0, stack=""):
        self.kind, self.message, self.hint = kind, message, hint
        self.line, self.column, self.stack = line, column, stack

    def encode(self):
        texts = (wire.cut_bytes(wire.text_bytes(text), TEXT_BYTES) for text in (self.message, self.hint, self.stack))
        return wire.failed(self.kind, self.line, self.column, *texts)


def too_long(wall_ms, line):
    seconds = repr(wall_ms / 1000)
    seconds = seconds[:-2] if seconds.endswith(".0") else seconds
    place = f", at line {line}" if line else ""
    hint = "look for a loop that does not end, do less in one run, or ask for a longer time"
    return Failure(wire.LIMIT, f"the program ran longer than its limit of {seconds} s{place}", hint, line)


def out_of_memory(heap_bytes, line=0):
    message = f"the program used more than its {heap_bytes >> 20} MiB of memory"
    return Failure(wire.LIMIT, message, "work on less data at a time, or ask for more memory", line)


def result_too_long(length, limit):
    message = f"the result has {length} bytes, its limit is {limit}"
    return Failure(wire.LIMIT, message, "return a summary, and keep the data with workspace.save_data")


def of_exception(error, start, source, bridge):
    """The failure of a run that an exception ended."""
    try:
        return _of_exception(error, start, source, bridge)
    except MemoryError:
        return out_of_memory(start.heap_bytes)
    except BaseException:
        # The program has made its error, or what reads it, into something else.
        return Failure(wire.RUNTIME, UNREADABLE)


def _of_exception(error, start, source, bridge):
    error = _only_leaf(error)
    site = _site(error)
    line, column = _place(site, source)
    if isinstance(error, MemoryError):
        failure = out_of_memory(start.heap_bytes, line)
        _drop_frames(error)
        return failure
    if is_from_bridge(error):
        kind = _KINDS.get(error.kind, wire.TOOL)
        message, hint = _text_of(error), error.hint if isinstance(error.hint, str) else ""
    else:
        kind, message = wire.RUNTIME, _named(error)
        hint = _hint(error, bridge)
    return Failure(kind, message + _causes(error), hint, line, column, _stack(site, source))


def in_a_line(error):
    """What an exception that nobody handled says, after the program's line where it is known."""
    error = _only_leaf(error)
    site = _site(error)
    place = f"line {site[0][2]}: " if site else ""
    return place, _text_of(error) if is_from_bridge(error) else _named(error)


def line_of(frame):
    """The line of the program that a frame came from; 0 if there is none."""
    while frame is not None:
        if frame.f_code.co_filename == FILE:
            return frame.f_lineno
        frame = frame.f_back
    return 0


def line_of_coroutine(coroutine):
    """The innermost line of the program at which a suspended coroutine waits."""
    line = 0
    for _ in range(100):
        frame = getattr(coroutine, "cr_frame", None)
        if frame is not None and frame.f_code.co_filename == FILE:
            line = frame.f_lineno
        coroutine = getattr(coroutine, "cr_await", None)
        if coroutine is None:
            break
    return line


def _only_leaf(error):
    """What stands in a group of one exception."""
    group = getattr(builtins, "BaseExceptionGroup", None)
    while group is not None and isinstance(error, group) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error


def _site(error):
    """The program's own frames of an exception, innermost first: code, last instruction and line."""
    frames = []
    for step in _steps(error.__traceback__):
        if step.tb_frame.f_code.co_filename == FILE:
            frames.append((step.tb_frame.f_code, step.tb_lasti, step.tb_lineno))
    made_at = error._site if is_from_bridge(error) else None
    return made_at or frames[: -_STACK_FRAMES - 1 : -1]


def _steps(step):
    while step is not None:
        yield step
        step = step.tb_next


def _place(site, source):
    if not site:
        return 0, 0
    code, instruction, line = site[0]
    return line, _column(code, instruction, line, source)


def _column(code, instruction, line, source):
    """The column of an instruction; 0 before Python 3.11, which does not know it."""
    if not hasattr(code, "co_positions") or instruction < 0:
        return 0
    for at, place in enumerate(code.co_positions()):
        if at == instruction // 2:
            return 0 if place[2] is None or place[0] is None else column_of(source, place[0], place[2])
    return 0


def _stack(site, source):
    lines = []
    for code, instruction, line in site[:_STACK_FRAMES]:
        name = getattr(code, "co_qualname", code.co_name).replace(f"{WRAPPER}.<locals>.", "")
        name = "the program" if name == WRAPPER else name
        column = _column(code, instruction, line, source)
        place = f"{line}:{column}" if column else f"{line}"
        lines.append(f"at {name} ({FILE}:{place})")
    return "\n".join(lines)


def _text_of(error):
    try:
        # The text may be of a class that the program made.
        return str.__str__(str(error))
    except BaseException:
        return UNREADABLE


def _class_of(error):
    """The name of its class, whatever the class says of itself."""
    return str.__str__(type.__dict__["__name__"].__get__(type(error)))


def _named(error, depth=0):
    """`Name: text` of an exception; of a group also what is in it, a few levels deep."""
    name, text = _class_of(error), _text_of(error)
    if isinstance(error, Unusable):
        name = "TypeError"
    if isinstance(error, SyntaxError) and error.lineno:
        text = f"{error.msg} (line {error.lineno})"
    group = getattr(builtins, "BaseExceptionGroup", None)
    if group is not None and isinstance(error, group) and depth < _GROUPS:
        inner = ", ".join(_named(one, depth + 1)[:_CAUSE_CHARS] for one in error.exceptions[:_CAUSES])
        text = f"{text}: {inner}"
    return f"{name}: {text}" if text else name


def _causes(error):
    told, seen = [], {id(error)}
    while len(told) < _CAUSES:
        if error.__cause__ is not None:
            word, error = "because of", error.__cause__
        elif _was_handled_here(error.__context__) and not error.__suppress_context__:
            word, error = "while handling", error.__context__
        else:
            break
        if id(error) in seen:
            break
        seen.add(id(error))
        told.append(f" ({word} {_named(error)[:_CAUSE_CHARS]})")
    return "".join(told)


def _was_handled_here(context):
    """Whether it came through the program, which then raised another; what a library handled says nothing new."""
    if context is None:
        return False
    return any(step.tb_frame.f_code.co_filename == FILE for step in _steps(context.__traceback__))


def _drop_frames(error):
    """Gives back what the failed frames hold, so that there is room to say so."""
    traceback.clear_frames(error.__traceback__)
    error.__traceback__ = error.__context__ = None


def _hint(error, bridge):
    if isinstance(error, ToolError):
        return error.hint if isinstance(error.hint, str) else ""
    if isinstance(error, ModuleNotFoundError):
        return _missing_module(error, bridge)
    if isinstance(error, NameError):
        return _missing_name(error, bridge)
    if isinstance(error, RecursionError):
        return "look for a recursion that does not end, or write it as a loop"
    if isinstance(error, EOFError) and "reading a line" in _text_of(error):
        return "there is no standard input: put the data into the program, or get it from a tool"
    if isinstance(error, SystemExit):
        return "let the program end with a result, or raise an error that says what is wrong"
    if isinstance(error, OSError) and _is_of_network(error):
        return _NO_NETWORK
    if isinstance(error, (OSError, RuntimeError)) and _passes(error, ("subprocess.py", "/multiprocessing/")):
        return "a program cannot start processes: use a tool of mcp_servers"
    if isinstance(error, TypeError) and PendingCall.__name__ in _text_of(error):
        return "write `await` before the call whose value is used"
    if isinstance(error, TypeError) and "'await' expression" in _text_of(error):
        return "leave out `await` where there is nothing to wait for"
    return ""


def _passes(error, files):
    names = (step.tb_frame.f_code.co_filename for step in _steps(error.__traceback__))
    return any(file in name for name in names for file in files)


def _is_of_network(error):
    names = {kind.__name__ for kind in type(error).__mro__}
    if names & {"gaierror", "herror", "URLError", "ConnectionError", "SSLError"}:
        return True
    return _passes(error, _NETWORK_FILES)


def _server_named(name, bridge):
    """Whether the host knows a server of this name."""
    if not name.isidentifier():
        return False
    payload = {"specifier": "mcp-servers", "names": [name]}
    try:
        bridge.finish(bridge.begin_call("import", payload, {"server": name, "tool": "import"}))
    except ToolError:
        return False
    return True


def _missing_module(error, bridge):
    name = (error.name or "").partition(".")[0]
    if error.name and error.name.startswith("mcp_"):
        return "only mcp_servers, mcp_servers.<server> and mcp_runtime can be imported"
    if _server_named(name, bridge):
        return f"write `from mcp_servers import {name}`"
    known = getattr(sys, "stdlib_module_names", None) or sys.builtin_module_names
    known = {*known, *(module.name for module in pkgutil.iter_modules())}
    near = difflib.get_close_matches(name, [one for one in known if not one.startswith("_")], 3, 0.7)
    meant = f"did you mean {', '.join(near)}? " if near else ""
    return f"{meant}nothing can be installed here: use the standard library, or a tool of mcp_servers"


def _missing_name(error, bridge):
    name = getattr(error, "name", None) or (_text_of(error).split("'") + ["", ""])[1]
    if not isinstance(name, str) or not name:
        return ""
    if name in ("search_tools", "get_tool_docs", "workspace"):
        return f"write `from mcp_runtime import {name}`"
    if name in sys.modules and "." not in name:
        return f"write `import {name}`"
    if _server_named(name, bridge):
        return f"write `from mcp_servers import {name}`"
    frames = [step.tb_frame for step in _steps(error.__traceback__) if step.tb_frame.f_code.co_filename == FILE]
    own = {*frames[-1].f_globals, *frames[-1].f_locals} if frames else set()
    for known in (own, dir(builtins)):
        names = [one for one in known if isinstance(one, str) and one.isidentifier()]
        near = difflib.get_close_matches(name, names, 2, 0.7)
        if near:
            return f"did you mean {', '.join(near)}?"
    return ""
