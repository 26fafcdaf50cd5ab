## verdict: result
## result: []
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
passed = []
for flag in (0x80, 0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000, 0, 17):
    if libc.syscall(272, flag) != -1 and flag:
        passed.append(('unshare', flag))
    if libc.syscall(56, flag | 17, 0, 0, 0, 0) != -1:
        passed.append(('clone', flag))
arguments = (ctypes.c_uint64 * 11)(0x10000000)
if libc.syscall(435, arguments, 88) != -1:
    passed.append('clone3')
passed
