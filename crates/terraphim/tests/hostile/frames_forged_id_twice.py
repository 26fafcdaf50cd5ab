## verdict: result
## result: {"n":1}
import os
from mcp_servers import up
# Two calls by one number: both are answered, and the guest waits for neither.
payload = b'{"server":"up","tool":"echo","raw":false,"arguments":{}}'
body = (7).to_bytes(4, 'little') + (4).to_bytes(4, 'little') + b'tool' + payload
frame = (len(body) + 1).to_bytes(4, 'little') + b'\x11' + body
os.write(3, frame + frame)
up.echo(n=1)
