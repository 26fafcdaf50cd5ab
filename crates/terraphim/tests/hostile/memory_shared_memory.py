## verdict: result
## result: ["PermissionError","PermissionError",-1,-1,"missing"]
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
def told(work):
    try:
        return work()
    except OSError as error:
        return type(error).__name__
[told(lambda: os.memfd_create('a')), told(lambda: os.memfd_create('a', 3)), libc.shmget(0, 4096, 0o1600), libc.syscall(447, 0), 'there' if os.path.exists('/dev/shm') else 'missing']
