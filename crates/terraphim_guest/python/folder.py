"""A run's own folders: the workspace as it was, under what the run writes.

The zygote keeps the one privilege that mounting needs, in a user namespace of
its own. A new child uses it before it has read a program, and gives it up. What
does not depend on the run is done before there is one.
"""

import array
import ctypes
import os
import socket
import struct

from terraphim_guest import wire

CHANNEL = 3

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long
_libc.mount.argtypes = [ctypes.c_char_p] * 3 + [ctypes.c_ulong, ctypes.c_char_p]
_libc.umount2.argtypes = [ctypes.c_char_p, ctypes.c_int]

_CLONE_NEWNS = 0x00020000
_MS_NOSUID, _MS_NODEV, _MS_REMOUNT, _MS_BIND = 2, 4, 32, 4096
_MNT_DETACH = 2
_FLAGS = _MS_NOSUID | _MS_NODEV

# `struct __user_cap_header_struct` of version 3, for this process, and two empty sets.
_CAPABILITIES = struct.pack("<Ii", 0x20080522, 0)
_NO_CAPABILITIES = bytes(24)

_SYS_LANDLOCK = 444, 445, 446
_READ = 1 << 0 | 1 << 2 | 1 << 3
_DEVICES = 1 << 6 | 1 << 9 | 1 << 11
# Accesses to files by version of Landlock, then those to TCP ports, then scopes.
_FILES = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1, 5: (1 << 16) - 1}
_NET_SINCE, _NET = 4, 3
_SCOPES_SINCE, _SCOPES = 6, 3
_WRITE_FILE = 1 << 1 | 1 << 14 | 1 << 15
_ALL = ~_DEVICES


class FolderError(OSError):
    """A step that the kernel refused."""


def _check(step, result):
    if result < 0:
        code = ctypes.get_errno()
        raise FolderError(code, f"{step}: {os.strerror(code)}")
    return result


def _mount(source, target, kind, flags, options=None):
    text = None if options is None else options.encode()
    _check(f"mount {target}", _libc.mount(source.encode(), target.encode(), kind, flags, text))


def _read_exactly(count):
    """So many bytes of the channel and no more: the program is for later."""
    taken = b""
    while len(taken) < count:
        piece = os.read(CHANNEL, count - len(taken))
        if not piece:
            os._exit(wire.EXIT_BAD_CHANNEL)
        taken += piece
    return taken


def _receive():
    """What is there already, relative to the store, and how many bytes and files may be written."""
    length, kind = wire.HEADER.unpack(_read_exactly(wire.HEADER.size))
    if kind != wire.PREPARE or not 21 <= length <= 8192:
        os._exit(wire.EXIT_BAD_CHANNEL)
    body = _read_exactly(length - 1)
    size, files, named = struct.unpack_from("<QQI", body)
    lower = body[20:].decode("utf-8")
    parts = [part for part in lower.split("/") if part]
    if len(body) != 20 + named or ".." in parts or any(sign in lower for sign in ":,\\\n"):
        os._exit(wire.EXIT_BAD_CHANNEL)
    return "/".join(["/store", *parts]), size, files


class Folder:
    """The folders of the run that this child will be."""

    def __init__(self):
        _check("unshare", _libc.unshare(_CLONE_NEWNS))
        _mount("none", "/tmp", b"tmpfs", _FLAGS, _room(0, 0))
        for name in ("upper", "work", "tmp"):
            os.mkdir(f"/tmp/{name}", 0o755)
        # A rule is about a folder, wherever it is mounted later.
        self._rules = _Rules()
        self._rules.allow("/", _READ)
        self._rules.allow("/tmp/tmp", _ALL)
        self._rules.allow("/dev/null", _WRITE_FILE | 1 << 2)

    def prepare(self):
        """Waits for the run's order, mounts its folders, goes there, says so, and gives up every privilege."""
        lower, size, files = _receive()
        _mount("none", "/tmp", None, _MS_REMOUNT | _FLAGS, _room(size, files))
        upper = os.open("/tmp/upper", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        layers = f"lowerdir={lower},upperdir=/tmp/upper,workdir=/tmp/work,userxattr"
        _mount("none", "/workspace", b"overlay", _FLAGS, layers)
        _check("umount store", _libc.umount2(b"/store", _MNT_DETACH))
        _mount("/tmp/tmp", "/tmp", None, _MS_BIND)
        os.chdir("/workspace")
        _hand_over(upper)
        _drop_privileges()
        self._rules.allow("/workspace", _ALL)
        self._rules.apply()


def _room(size, files):
    """What a folder in memory may hold: three folders and the overlay's own are not counted against the run."""
    # A size of 0 would be none at all.
    return f"size={max(size, 4096)},nr_inodes={files + 8},mode=0700"


def _hand_over(upper):
    with socket.socket(fileno=os.dup(CHANNEL)) as channel:
        rights = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [upper]))
        channel.sendmsg([wire.prepared()], [rights])
    os.close(upper)


def _drop_privileges():
    header = ctypes.create_string_buffer(_CAPABILITIES, len(_CAPABILITIES))
    none = ctypes.create_string_buffer(_NO_CAPABILITIES, len(_NO_CAPABILITIES))
    _check("capset", _libc.capset(header, none))
    left = ctypes.create_string_buffer(len(_NO_CAPABILITIES))
    _check("capget", _libc.capget(header, left))
    if left.raw != _NO_CAPABILITIES:
        raise FolderError(1, "capset: capabilities are left")


class _Rules:
    """Landlock, where the kernel has it: what cannot be seen cannot be reached either."""

    def __init__(self):
        version = _libc.syscall(_SYS_LANDLOCK[0], None, ctypes.c_size_t(0), 1)
        self._rules = None
        if version < 1:
            return
        self._handled = _FILES.get(version, _FILES[5])
        net = _NET if version >= _NET_SINCE else 0
        scopes = _SCOPES if version >= _SCOPES_SINCE else 0
        # Each kernel takes the fields that it knows.
        fields = struct.pack("<QQQ", self._handled, net, scopes)
        fields = fields[: 8 if version < _NET_SINCE else 16 if version < _SCOPES_SINCE else 24]
        made = _libc.syscall(_SYS_LANDLOCK[0], fields, ctypes.c_size_t(len(fields)), 0)
        self._rules = _check("landlock", made)

    def allow(self, place, allowed):
        """Allows what is named of a place, and of what lies below it."""
        if self._rules is None:
            return
        opened = os.open(place, os.O_PATH | os.O_CLOEXEC)
        rule = struct.pack("<Qi", self._handled & allowed, opened)
        _check("landlock", _libc.syscall(_SYS_LANDLOCK[1], self._rules, 1, rule, 0))
        os.close(opened)

    def apply(self):
        """From now on nothing else is allowed."""
        if self._rules is None:
            return
        _check("landlock", _libc.syscall(_SYS_LANDLOCK[2], self._rules, 0))
        os.close(self._rules)
