## verdict: result
## result: ["first",3]
import ctypes
value = ['first', 2, 3]
same = ctypes.cast(id(value), ctypes.py_object).value
[same[0], len(same)]
