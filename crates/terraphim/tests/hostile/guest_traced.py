## verdict: result
## result: 42
import sys, threading
from mcp_servers import up
def trace(frame, event, argument):
    frame.f_trace_opcodes = True
    return trace
sys.settrace(trace)
sys.setprofile(lambda *_: None)
threading.settrace(trace)
up.add(a=40, b=2)['sum']
