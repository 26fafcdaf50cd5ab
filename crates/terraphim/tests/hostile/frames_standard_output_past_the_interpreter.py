## verdict: result
## result: 1
## logs: straight
import os
os.write(1, b'straight\n')
os.write(2, b'\xff\xfe broken\n')
for _ in range(100):
    try:
        os.write(1, b'x' * 65536)
    except BlockingIOError:
        pass
1
