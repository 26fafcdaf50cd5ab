## verdict: sandbox
## message: frame of kind 21 is not due
import os, time
# That the folder is there, once more.
os.write(3, b'\x01\0\0\0\x15')
time.sleep(5)
