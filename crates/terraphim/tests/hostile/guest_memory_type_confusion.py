## verdict: sandbox
## message: signal
import ctypes
value = [1, 2, 3]
ctypes.c_size_t.from_address(id(value) + 8).value = 0xDEAD0000
value.append(1)
