"""The zygote: warms the interpreter and makes a process for each run on the host's demand.

It has one thread and never reads an agent's bytes: of its children it knows only
when they end.
"""

import array
import gc
import os
import select
import signal
import socket
import sys

import terraphim_guest
from terraphim_guest import folder, jail, rehearsal, run, warm, wire

# With so many children more, one more order is taken between two looks at them.
_CHILDREN_PER_ORDER = 64


class Zygote:
    """Serves orders from descriptor 3 until the host goes away."""

    def __init__(self):
        self._control = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET, 0, jail.CHANNEL)
        # The children that are not reaped: pidfd to number and process id.
        self._children = {}
        self._poll = select.poll()
        self._poll.register(jail.CHANNEL, select.POLLIN)
        self._filter = self._memory = None
        self._pid = os.getpid()

    def main(self):
        try:
            self._prepare()
        except Exception as error:
            self._tell(wire.broken(0, _words(error)))
            return wire.EXIT_JAIL
        self._tell(terraphim_guest.ready)
        return self._serve()

    def _prepare(self):
        self._filter = jail.RunFilter(terraphim_guest.run_filter)
        if hasattr(sys, "set_int_max_str_digits"):
            # How long a number's text may be is bounded by the run's limits.
            sys.set_int_max_str_digits(0)
        warm.import_usual()
        gc.collect()
        gc.disable()
        gc.freeze()
        self._memory = jail.measure_memory()

    def _tell(self, datagram, descriptors=()):
        beside = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))] if descriptors else []
        try:
            self._control.sendmsg([datagram], beside, socket.MSG_NOSIGNAL)
        except OSError:
            # A host that is gone closes the channel, which ends the loop.
            return

    def _serve(self):
        while True:
            told = [descriptor for descriptor, _ in self._poll.poll()]
            for descriptor in told:
                if descriptor in self._children:
                    self._reap(descriptor)
            if jail.CHANNEL not in told:
                continue
            for _ in range(1 + len(self._children) // _CHILDREN_PER_ORDER):
                try:
                    datagram = self._control.recv(wire.MAX_DATAGRAM, socket.MSG_DONTWAIT)
                    number, memory_bytes, cpu_seconds = wire.fork_order(datagram)
                except BlockingIOError:
                    break
                except (OSError, wire.BadFrame):
                    # The host is gone or speaks nonsense.
                    return 0
                self._fork(number, memory_bytes, cpu_seconds)

    def _reap(self, pidfd):
        number, pid = self._children[pidfd]
        ended, status, usage = os.wait4(pid, os.WNOHANG)
        if ended != pid:
            return
        self._poll.unregister(pidfd)
        os.close(pidfd)
        del self._children[pidfd]
        cpu_micros = round((usage.ru_utime + usage.ru_stime) * 1_000_000)
        self._tell(wire.exited(number, status, cpu_micros, usage.ru_maxrss))

    def _fork(self, number, memory_bytes, cpu_seconds):
        try:
            host_end, guest_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        except OSError as error:
            self._tell(wire.broken(number, f"socketpair: {_words(error)}"))
            return
        with host_end, guest_end:
            try:
                pid = os.fork()
            except OSError as error:
                self._tell(wire.broken(number, f"fork: {_words(error)}"))
                return
            if pid == 0:
                self._become_run(guest_end.fileno(), memory_bytes, cpu_seconds)
            try:
                pidfd = jail.pidfd_open(pid)
            except OSError as error:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
                self._tell(wire.broken(number, _words(error)))
                return
            self._children[pidfd] = (number, pid)
            self._poll.register(pidfd, select.POLLIN)
            self._tell(wire.forked(number), (pidfd, host_end.fileno()))

    def _become_run(self, channel, memory_bytes, cpu_seconds):
        """In the child: the last steps of the jail, then the run; never returns."""
        try:
            data, space = self._memory
            memory = data + memory_bytes, space + memory_bytes + jail.SPARE_SPACE
            ends = jail.enter_child(channel, self._pid, memory, cpu_seconds)
            folders = folder.Folder() if terraphim_guest.has_folder else None
            gc.enable()
            made = run.Run(ends)
            rehearsal.rehearse()
            if folders is not None:
                folders.prepare()
            self._filter.apply()
        except BaseException:
            os._exit(wire.EXIT_JAIL)
        try:
            made.serve()
        except MemoryError:
            os._exit(wire.EXIT_OUT_OF_MEMORY)
        finally:
            os._exit(wire.EXIT_BAD_CHANNEL)


def _words(error):
    return f"{type(error).__name__}: {error}"


def main():
    return Zygote().main()
