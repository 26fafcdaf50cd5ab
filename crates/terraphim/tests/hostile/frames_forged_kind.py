## verdict: sandbox
## message: unknown frame kind
import os, time
os.write(3, b'\x01\0\0\0\xfe')
time.sleep(5)
