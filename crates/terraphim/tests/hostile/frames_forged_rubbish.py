## verdict: sandbox
## message: unknown frame kind
import os, time
os.write(3, b'\xff' * 64)
time.sleep(5)
