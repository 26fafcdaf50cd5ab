"""A run's own folders: the workspace as it was, under what the run writes.

The zygote keeps the one privilege that mounting needs, in a user namespace of
its own. A new child uses it before it has read a program, and gives it up.
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
_MS_NOSUID, _MS_NODEV, _MS_BIND = 2, 4, 4096
_MNT_DETACH = 2

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


def prepare():
    """Mounts the run's folders, goes there, says so, and gives up every privilege."""
    lower, size, files = _receive()
    _check("unshare", _libc.unshare(_CLONE_NEWNS))
    flags = _MS_NOSUID | _MS_NODEV
    # Three folders and the overlay's own are not counted against the run.
    _mount("none", "/tmp", b"tmpfs", flags, f"size={size},nr_inodes={files + 8},mode=0700")
    for name in ("upper", "work", "tmp"):
        os.mkdir(f"/tmp/{name}", 0o755)
    upper = os.open("/tmp/upper", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    layers = f"lowerdir={lower},upperdir=/tmp/upper,workdir=/tmp/work,userxattr"
    _mount("none", "/workspace", b"overlay", flags, layers)
    _check("umount store", _libc.umount2(b"/store", _MNT_DETACH))
    _mount("/tmp/tmp", "/tmp", None, _MS_BIND)
    os.chdir("/workspace")
    _hand_over(upper)
    _drop_privileges()
    _restrict()


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


def _restrict():
    """Landlock, where the kernel has it: what cannot be seen cannot be reached either."""
    create, add, restrict = _SYS_LANDLOCK
    version = _libc.syscall(create, None, ctypes.c_size_t(0), 1)
    if version < 1:
        return
    handled = _FILES.get(version, _FILES[5])
    net = _NET if version >= _NET_SINCE else 0
    scopes = _SCOPES if version >= _SCOPES_SINCE else 0
    # Each kernel takes the fields that it knows.
    fields = struct.pack("<QQQ", handled, net, scopes)
    fields = fields[: 8 if version < _NET_SINCE else 16 if version < _SCOPES_SINCE else 24]
    rules = _check("landlock", _libc.syscall(create, fields, ctypes.c_size_t(len(fields)), 0))
    places = [("/", _READ), ("/workspace", handled & ~_DEVICES), ("/tmp", handled & ~_DEVICES)]
    places.append(("/dev/null", handled & (_WRITE_FILE | 1 << 2)))
    for place, allowed in places:
        opened = os.open(place, os.O_PATH | os.O_CLOEXEC)
        rule = struct.pack("<Qi", allowed, opened)
        _check("landlock", _libc.syscall(add, rules, 1, rule, 0))
        os.close(opened)
    _check("landlock", _libc.syscall(restrict, rules, 0))
    os.close(rules)
