## verdict: limit
## message: memory
## timeout: 60000
## memory: 64
from mcp_servers import up
held = []
while True:
    held.append(up.big(bytes=5_000_000))
