## verdict: result
## result: false
import ctypes
environ = ctypes.POINTER(ctypes.c_char_p).in_dll(ctypes.CDLL(None), 'environ')
found, at = [], 0
while environ[at]:
    found.append(environ[at])
    at += 1
any(b'XDG' in one or b'USER' in one or b'SSH' in one for one in found)
