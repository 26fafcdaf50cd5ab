## verdict: result
## result: [false,false,false,false,"FileNotFoundError","PermissionError"]
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
def told(work):
    try:
        return work()
    except OSError as error:
        return type(error).__name__
def mounted():
    if libc.mount(b'proc', b'/tmp', b'proc', 0, None):
        raise OSError(ctypes.get_errno(), 'mount')
    return os.listdir('/tmp')
[*map(os.path.exists, ['/proc/1', '/proc/self', '/sys/kernel', '/proc/sys']), told(lambda: os.listdir('/proc/self/fd')), told(mounted)]
