## verdict: sandbox
## message: has a text that is not UTF-8
import os, time
body = (900).to_bytes(4, 'little') + (2).to_bytes(4, 'little') + b'\xff\xfe' + b'{}'
os.write(3, (len(body) + 1).to_bytes(4, 'little') + b'\x11' + body)
time.sleep(5)
