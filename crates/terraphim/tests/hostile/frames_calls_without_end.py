## verdict: limit
## message: calls
import os
number = 100
while True:
    number += 1
    body = number.to_bytes(4, 'little') + (12).to_bytes(4, 'little') + b'search_tools' + b'{}'
    os.write(3, (len(body) + 1).to_bytes(4, 'little') + b'\x11' + body)
