## verdict: runtime
## message: OSError
import ctypes, os
open('planted.so', 'wb').write(b'\x7fELF' + bytes(60))
try:
    ctypes.CDLL('/workspace/planted.so')
finally:
    os.remove('planted.so')
