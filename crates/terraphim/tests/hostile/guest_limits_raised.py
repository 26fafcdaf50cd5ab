## verdict: limit
## message: calls
import gc
from mcp_servers import up
# The guest's own count is a courtesy; the host's is the limit.
for one in gc.get_objects():
    if type(one).__name__ == 'Bridge':
        one._most_calls = 1 << 60
        one._most_bytes = 1 << 60
while True:
    up.echo()
