## verdict: result
## result: []
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
thread = 0x100 | 0x200 | 0x400 | 0x800 | 0x10000 | 0x40000
passed = []
# The flags of a thread with those of a namespace, of a child, or without what makes it one.
for flags in (thread | 0x10000000, thread | 0x20000, thread & ~0x10000 | 17, thread & ~0x100, 0x4000 | 0x100 | 17):
    if libc.syscall(56, flags, 0, 0, 0, 0) != -1:
        passed.append(hex(flags))
passed
