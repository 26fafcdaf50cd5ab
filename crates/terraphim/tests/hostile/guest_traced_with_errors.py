## verdict: runtime
## message: ValueError: traced
import sys
from mcp_servers import up
def trace(frame, event, argument):
    raise ValueError('traced')
sys.settrace(trace)
up.add(a=40, b=2)['sum']
