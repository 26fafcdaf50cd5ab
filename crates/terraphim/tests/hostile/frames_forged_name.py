## verdict: result
## result: "done"
import os, time
from mcp_servers import up
for name in (b'workspace.delete', b'', b'x' * 100):
    body = (900 + len(name)).to_bytes(4, 'little') + len(name).to_bytes(4, 'little') + name + b'{}'
    os.write(3, (len(body) + 1).to_bytes(4, 'little') + b'\x11' + body)
up.echo()
'done'
