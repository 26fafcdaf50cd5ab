## verdict: sandbox
## message: frame of kind 17 has 2147483646 bytes
import os, time
os.write(3, b'\xff\xff\xff\x7f\x11')
time.sleep(5)
