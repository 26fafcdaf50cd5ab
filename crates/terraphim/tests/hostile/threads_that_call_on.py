## verdict: result
## result: "done"
import threading
from mcp_servers import up
begun = threading.Semaphore(0)
def call():
    while True:
        up.echo(text='on and on')
        begun.release()
for _ in range(8):
    threading.Thread(target=call, daemon=True).start()
for _ in range(50):
    begun.acquire()
'done'
