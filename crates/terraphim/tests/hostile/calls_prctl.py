## verdict: result
## result: []
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
passed = []
# Dumpable, keep capabilities, seccomp, ambient capabilities, tracer, subreaper, memory map, speculation, signal of the parent.
for option, argument in ((4, 1), (8, 1), (22, 1), (47, 2), (0x59616D61, -1), (36, 1), (35, 1), (53, 0), (1, 0), (24, 0), (28, 0), (29, 1)):
    if libc.prctl(option, ctypes.c_ulong(argument), 0, 0, 0) == 0:
        passed.append(option)
passed
