## verdict: limit
## message: the program ran longer than its limit of 0.4 s
## timeout: 400
import ctypes
while True:
    ctypes.PyDLL(None).sleep(100)
