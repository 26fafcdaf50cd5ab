## verdict: result
## result: [-1,"EPERM"]
import ctypes, errno
libc = ctypes.CDLL(None, use_errno=True)
[libc.syscall(ctypes.c_long(0x40000000 + 39)), errno.errorcode[ctypes.get_errno()]]
