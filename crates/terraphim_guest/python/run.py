"""One run: takes the program, links its imports, runs it, and says how it ended."""

import asyncio
import builtins
import linecache
import mmap
import os
import selectors
import signal
import sys
import threading
import types
import warnings

from terraphim_guest import failures, figures, program, runtime, servers, streams, wire
from terraphim_guest.calls import FILE, Bridge
from terraphim_guest.channel import Channel
from terraphim_guest.deferred import PendingCall, value_of
from terraphim_guest.encode import encode
from terraphim_guest.errors import ToolError
from terraphim_guest.failures import Failure

# Given back when memory has run out, so that there is room to say so, in bytes.
_RESERVE = 2 << 20
# The loop's own descriptor and the channel.
_OWN_DESCRIPTORS = 2


class NeverSettles(BaseException):
    """The program awaits what nothing can bring about."""


class Run:
    """The one run of this process. `ends` are what its own streams are read from."""

    def __init__(self, ends):
        self.channel = Channel(ends)
        self.bridge = Bridge(self.channel)
        self.servers = servers.install(self.bridge)
        self.runtime = runtime.install(self.bridge)
        self.coroutine = None
        self.start = self.program = self.module = None
        self.output, self.errors = streams.install(self.channel)
        _tell_failed_threads(self.channel)
        figures.install(self.channel)
        self._reserve = self._former = None

    def serve(self):
        """Runs the program, and those that follow it in a session; never returns."""
        while True:
            try:
                self.start = wire.Start(self.channel.first())
            except wire.BadFrame:
                os._exit(wire.EXIT_BAD_CHANNEL)
            signal.signal(signal.SIGALRM, self._on_deadline)
            signal.setitimer(signal.ITIMER_REAL, max(self.start.wall_ms, 1) / 1000)
            self.bridge.begin(self.start)
            self.output.keep(self.start.result_bytes + 1)
            # Never touched, so that it costs nothing but its share of the limit.
            self._reserve = mmap.mmap(-1, _RESERVE, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
            frame = self._frame()
            signal.setitimer(signal.ITIMER_REAL, 0)
            if not self.start.keeps:
                self.channel.close_with(frame)
                self.channel.drain()
            self._rest()
            self.channel.send(frame)
            if self.channel.is_read():
                # A thread that the program left behind would take the next program for its reply.
                os._exit(0)

    def _rest(self):
        """Makes ready for the program that follows."""
        self._reserve.close()
        self.coroutine = None
        if self.module is not None:
            program.leave_behind(vars(self.module))

    def _frame(self):
        """Runs the program; the last frame."""
        try:
            ending = self._execute()
        except MemoryError:
            self._reserve.close()
            ending = failures.out_of_memory(self.start.heap_bytes)
        if isinstance(ending, Failure):
            self._end_streams()
            return ending.encode()
        return wire.done(ending)

    def _execute(self):
        """The result as JSON in UTF-8, or a failure."""
        try:
            with warnings.catch_warnings(record=True) as warned:
                self.program = program.Program(self.start.source)
            self._link()
        except program.NotAProgram as error:
            return Failure(wire.SYNTAX, error.message, error.hint, error.line, error.column)
        self.channel.send(wire.started())
        figures.begin()
        self._warn(warned)
        try:
            value = self._value()
            figures.end()
            return self._result(value)
        except SystemExit as error:
            if error.code in (None, 0):
                figures.end()
                return self._result(self._named_or_printed())
            return self._failure(error)
        except NeverSettles as error:
            line = failures.line_of_coroutine(self.coroutine) or self._failure(error).line
            message = "the program waits for something that nothing can bring about"
            return Failure(wire.RUNTIME, message, "set every future and event that it awaits", line)
        except BaseException as error:
            if isinstance(error, MemoryError):
                self._reserve.close()
            return self._failure(error)

    def _warn(self, warned):
        """Tells what can be said of the program before it runs."""
        # The tree and the code are made from it one after the other, and may both be warned of.
        texts = {f"line {one.lineno}: {one.category.__name__}: {one.message}": None for one in warned}
        for text in texts:
            self.channel.log(wire.WARN, text)
        for line, text in self.program.absent:
            self.channel.log(wire.WARN, f"line {line}: {text}")
        known = {} if self.module is None else vars(self.module)
        for line, name in self.program.warnings:
            if name in known:
                continue
            hint = f"if it is a server, write from mcp_servers import {name}"
            self.channel.log(wire.WARN, f"line {line}: `{name}` is not defined: {hint}")

    def _failure(self, error):
        return failures.of_exception(error, self.start, self.program.source, self.bridge)

    # Imports.

    def _link(self):
        """Asks the host for the imported servers, all at once."""
        exported = vars(self.runtime)
        for name, place in self.program.of_runtime.items():
            if name != "*" and name not in exported:
                known = ", ".join(self.runtime.__all__)
                raise self._unlinked(f"`mcp_runtime` exports no `{name}`", f"it exports {known}", place)
        asked = []
        for one in self.program.imports:
            about = {"server": one.specifier, "tool": ""}
            # The host looks at all calls that stand in the program when it is first asked.
            calls = () if asked else self.program.calls
            asked.append((one, self.bridge.begin_call("import", one.payload(calls), about)))
        for one, call in asked:
            try:
                reply = self.bridge.finish(call)
            except ToolError as error:
                place = (one.names or {}).get(error.tool, one.place)
                raise self._unlinked(error.message, error.hint or "", place) from None
            self.servers.add(reply, one.specifier.partition("/")[2] or None)
        if any(one.names is None for one in self.program.imports):
            # What `from mcp_servers import *` gives.
            self.servers.__all__ = [name for name in vars(self.servers) if not name.startswith("_")]

    def _unlinked(self, message, hint, place):
        line, column = place
        return program.NotAProgram(message, hint, line, program.column_of(self.program.source, line, column))

    # Running.

    def _value(self):
        """Runs the program; the value that it ends with."""
        compiled = self.program
        self.bridge.defers = compiled.defers
        if self.module is None:
            self.module = types.ModuleType("__main__")
        names = self.module.__dict__
        # A `result` that a program before has set is none of this one's.
        self._former = names.get("result")
        names.update({"__file__": FILE, "__builtins__": builtins, program.SETTLE: _settle})
        sys.modules["__main__"] = self.module
        sys.argv = [FILE]
        source = compiled.source
        linecache.cache[FILE] = (len(source), None, source.splitlines(keepends=True), FILE)
        if compiled.defers:
            asyncio.set_event_loop_policy(_Policy(self.channel, self.bridge))
            _let_runs_nest()
        code = compiled.code
        value = self._awaited(eval(code, names))
        if compiled.is_wrapped:
            returned = self._awaited(names.pop(program.WRAPPER)())
            if returned is not None:
                return self._awaited(returned[0])
        if compiled.only_function:
            value = self._named()
            return value if value is not None else self._awaited(names[compiled.only_function]())
        value = self._awaited(names.pop(program.LAST, None))
        return value if value is not None else self._named_or_printed()

    def _named(self):
        """The variable `result`, if this program has set it."""
        value = vars(self.module).get("result")
        return None if value is self._former else value

    def _named_or_printed(self):
        """The variable `result`, else what was printed."""
        value = self._awaited(self._named())
        if value is not None:
            return value
        self._end_streams()
        return self.output.kept() if self.output.written else None

    def _awaited(self, value):
        if type(value) is PendingCall:
            return value_of(value)
        if not program.needs_loop(value):
            return value
        self.coroutine = value
        if asyncio.isfuture(value):
            return value.get_loop().run_until_complete(value)
        return asyncio.new_event_loop().run_until_complete(value)

    def _result(self, value):
        """JSON of the value, or why there is none."""
        data = wire.text_bytes(encode(value, "result", _unwrap))
        if len(data) > self.start.result_bytes:
            return failures.result_too_long(len(data), self.start.result_bytes)
        self._end_streams()
        if self.bridge.under_way:
            count = self.bridge.under_way
            self.channel.log(wire.WARN, f"{count} calls were still under way when the program ended: await them")
        return data

    def _end_streams(self):
        for stream in (self.output, self.errors):
            stream.end()

    # The deadline.

    def _on_deadline(self, _number, frame):
        """Ends the run here and now: nothing is raised, so nothing can swallow it."""
        line = failures.line_of(frame) or failures.line_of_coroutine(self.coroutine)
        failure = failures.too_long(self.start.wall_ms, line).encode()

        def end():
            self.channel.close_with(failure)
            if self.start.keeps:
                # The program's frames are below this one: there is no way on to another program.
                os._exit(0)
            self.channel.drain()

        self.channel.when_unlocked(end)


def _unwrap(value):
    return value_of(value) if type(value) is PendingCall else value


def _settle(value):
    return value_of(value) if type(value) is PendingCall else value


class _Selector(selectors.PollSelector):
    """Sends what was gathered before it waits, and does not wait for what cannot come."""

    def __init__(self, channel, bridge):
        super().__init__()
        self._channel, self._bridge = channel, bridge

    def select(self, timeout=None):
        self._channel.flush()
        if timeout is None and not self._bridge.under_way and threading.active_count() == 1:
            if len(self.get_map()) <= _OWN_DESCRIPTORS:
                raise NeverSettles
        return super().select(timeout)


class _Policy(asyncio.DefaultEventLoopPolicy):
    """Makes loops that share the channel with everybody else who waits."""

    def __init__(self, channel, bridge):
        super().__init__()
        self._loop_factory = lambda: _make_loop(channel, bridge)


def _make_loop(channel, bridge):
    loop = asyncio.SelectorEventLoop(_Selector(channel, bridge))

    def tell(_loop, context):
        error = context.get("exception")
        place, text = failures.in_a_line(error) if error is not None else ("", context.get("message", ""))
        channel.log(wire.WARN, f"{place}nobody handled the failure of a task: {text}")

    loop.set_exception_handler(tell)
    return loop


def _tell_failed_threads(channel):
    def tell(failed):
        if failed.exc_value is not None and not isinstance(failed.exc_value, SystemExit):
            place, text = failures.in_a_line(failed.exc_value)
            channel.log(wire.WARN, f"{place}nobody handled the failure of a thread: {text}")

    threading.excepthook = tell


def _let_runs_nest():
    """`asyncio.run(main())` works although the program's own `await` has a loop already."""
    run = asyncio.run
    if getattr(run, "nests", False):
        return

    def run_nested(*arguments, **options):
        outer = asyncio._get_running_loop()
        asyncio._set_running_loop(None)
        try:
            return run(*arguments, **options)
        finally:
            asyncio._set_running_loop(outer)

    run_nested.nests = True
    asyncio.run = asyncio.runners.run = run_nested
