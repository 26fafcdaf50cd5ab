## verdict: limit
## memory: 1024
## message: more than 32 threads
import ctypes, time
libc = ctypes.CDLL(None)
# Threads that the interpreter knows nothing of.
pause = ctypes.cast(libc.pause, ctypes.c_void_p)
for _ in range(500):
    libc.pthread_create(ctypes.byref(ctypes.c_ulong()), None, pause, None)
time.sleep(60)
