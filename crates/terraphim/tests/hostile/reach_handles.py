## verdict: result
## result: [-1,-1]
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
handle = ctypes.create_string_buffer(136)
handle[0:4] = (128).to_bytes(4, 'little')
mount = ctypes.c_int()
[libc.syscall(303, -100, b'/', handle, ctypes.byref(mount), 0), libc.syscall(304, 3, handle, 0)]
