## verdict: limit
## message: the program ran longer than its limit of 0.4 s
## timeout: 400
import os
from mcp_servers import up
import threading
def steal():
    while True:
        os.read(3, 1 << 16)
threading.Thread(target=steal, daemon=True).start()
while True:
    up.echo()
