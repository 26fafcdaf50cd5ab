"""The last layers of the jail: what a new child does before it reads a program.

Everything that needs looking up is looked up once, in the zygote.
"""

import ctypes
import os
import random
import resource
import signal
import sys
import threading

CHANNEL = 3

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 1, 4, 22, 38
_SECCOMP_MODE_FILTER = 2
# The numbers of newer calls are the same on every architecture that is supported.
_SYS_PIDFD_OPEN, _SYS_CLOSE_RANGE = 434, 436
_PAGE = 4096
_MAP_PRIVATE_ANONYMOUS = 0x22
_MOST_DATA = 1 << 40
_DESCRIPTORS = 256
_THREAD_STACK = 512 << 10
_TASKS = 4096
# Address space beside what a run may write: stacks, libraries that it imports, arenas.
SPARE_SPACE = 1 << 30
_SOCK_FILTER_BYTES = 8

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long
_libc.prctl.argtypes = [ctypes.c_int] + [ctypes.c_ulong] * 4
_libc.mmap.restype = ctypes.c_void_p
_libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t] + [ctypes.c_int] * 3 + [ctypes.c_long]
_MAP_FAILED = ctypes.c_void_p(-1).value


class _Filter(ctypes.Structure):
    """`struct sock_fprog`."""

    _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_void_p)]


class JailError(OSError):
    """A step that the kernel refused."""


def _check(step, result):
    if result < 0:
        code = ctypes.get_errno()
        raise JailError(code, f"{step}: {os.strerror(code)}")
    return result


def _prctl(step, option, argument=0, more=0):
    _check(step, _libc.prctl(option, argument, more, 0, 0))


def pidfd_open(pid):
    """A descriptor that stands for a child."""
    number = ctypes.c_long(_SYS_PIDFD_OPEN)
    return _check("pidfd_open", _libc.syscall(number, ctypes.c_int(pid), ctypes.c_uint(0)))


def _close_range(first, last):
    number = ctypes.c_long(_SYS_CLOSE_RANGE)
    if _libc.syscall(number, ctypes.c_uint(first), ctypes.c_uint(last), ctypes.c_uint(0)) != 0:
        # Without the call there is nothing but to try each number.
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        os.closerange(first, min(last + 1, most))


class RunFilter:
    """The filter of system calls that each run applies to itself."""

    def __init__(self, instructions):
        if not instructions or len(instructions) % _SOCK_FILTER_BYTES:
            raise JailError(22, "run filter: not an array of instructions")
        self._instructions = ctypes.create_string_buffer(instructions, len(instructions))
        address = ctypes.addressof(self._instructions)
        self._program = _Filter(len(instructions) // _SOCK_FILTER_BYTES, address)

    def apply(self):
        _prctl("no_new_privs", _PR_SET_NO_NEW_PRIVS, 1)
        _prctl("seccomp", _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.addressof(self._program))


def _fits(which, limit, hard):
    """Whether one more page may be had under this soft limit, in bytes."""
    resource.setrlimit(which, (limit, hard))
    page = _libc.mmap(None, _PAGE, 3, _MAP_PRIVATE_ANONYMOUS, -1, 0)
    resource.setrlimit(which, (hard, hard))
    if page == _MAP_FAILED:
        return False
    _libc.munmap(ctypes.c_void_p(page), ctypes.c_size_t(_PAGE))
    return True


def _find(which):
    hard = resource.getrlimit(which)[1]
    # The kernel takes a soft limit of 0 for none.
    low, high = _PAGE, _MOST_DATA if hard == resource.RLIM_INFINITY else min(hard, _MOST_DATA)
    if _fits(which, low, hard) or not _fits(which, high, hard):
        raise JailError(22, "rlimits: the limit of memory is not kept by this machine")
    while high - low > _PAGE:
        middle = (low + high) // 2
        if _fits(which, middle, hard):
            high = middle
        else:
            low = middle
    return high


def measure_memory():
    """Bytes of data and of address space that this process has, as its limits count them.

    There is no /proc to read it from, so a child that is thrown away tries limits.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writer, b"%d %d" % (_find(resource.RLIMIT_DATA), _find(resource.RLIMIT_AS)))
        finally:
            os._exit(0)
    os.close(writer)
    told = os.read(reader, 64)
    os.close(reader)
    os.waitpid(child, 0)
    if not told:
        raise JailError(22, "rlimits: the limit of memory is not kept by this machine")
    data, space = told.split()
    return int(data), int(space)


def _standard_streams():
    """Gives descriptors 0, 1 and 2, and the ends from which 1 and 2 are read.

    Standard input is at its end. What is written to 1 and 2 past the interpreter
    waits in the pipe until the next frame; what the pipe cannot hold is refused.
    """
    # The three numbers are taken first, so that no end of a pipe gets one of them.
    for _ in range(3):
        os.dup(CHANNEL)
    ends = []
    empty, writer = os.pipe()
    os.dup2(empty, 0)
    os.close(empty)
    os.close(writer)
    for standard in (1, 2):
        reader, writer = os.pipe()
        os.set_blocking(reader, False)
        os.set_blocking(writer, False)
        os.dup2(writer, standard)
        os.close(writer)
        ends.append(reader)
    return ends


def _own_randomness():
    """Seeds that no other child of the zygote has."""
    seed = os.urandom(32)
    random.seed(seed)
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed([int.from_bytes(seed[at : at + 4], "little") for at in range(0, 32, 4)])


def _limit(which, soft, hard):
    resource.setrlimit(which, (soft, hard))


def enter_child(channel, zygote, memory, cpu_seconds):
    """Makes a new child a process of its own: it keeps descriptor 3 and no way to the others.

    `memory` bounds its private memory that can be written, and its address space, in bytes.
    Gives the descriptors from which its own standard streams are read.
    """
    _prctl("pdeathsig", _PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != zygote:
        raise JailError(3, "pdeathsig: the zygote is gone")
    os.dup2(channel, CHANNEL, inheritable=False)
    _close_range(CHANNEL + 1, 0xFFFFFFFF)
    _close_range(0, CHANNEL - 1)
    ends = _standard_streams()
    _limit(resource.RLIMIT_NOFILE, _DESCRIPTORS, _DESCRIPTORS)
    _limit(resource.RLIMIT_CPU, max(1, cpu_seconds), max(1, cpu_seconds) + 1)
    _limit(resource.RLIMIT_CORE, 0, 0)
    # For all runs together, so that a burst ends here before the host has counted.
    _limit(resource.RLIMIT_NPROC, _TASKS, _TASKS)
    data, space = memory
    _limit(resource.RLIMIT_DATA, data, data)
    _limit(resource.RLIMIT_AS, space, space)
    _prctl("dumpable", _PR_SET_DUMPABLE, 0)
    _own_randomness()
    threading.stack_size(_THREAD_STACK)
    return ends
