## verdict: result
## result: [-1,-1,-1]
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
# pidfd_open, pidfd_getfd and pidfd_send_signal.
[libc.syscall(434, 1, 0), libc.syscall(438, 3, 0, 0), libc.syscall(424, 3, 9, None, 0)]
