## verdict: result
## result: ["PermissionError","OSError","OSError"]
import os
def told(work):
    try:
        return work()
    except PermissionError:
        return 'PermissionError'
    except OSError:
        return 'OSError'
def renamed():
    try:
        os.rename('/workspace', '/tmp/workspace')
    except PermissionError:
        raise OSError('refused')
def removed():
    try:
        os.rmdir('/workspace')
    except PermissionError:
        raise OSError('refused')
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
def unmounted():
    if libc.umount2(b'/workspace', 2):
        raise OSError(ctypes.get_errno(), 'umount')
[told(unmounted), told(renamed), told(removed)]
