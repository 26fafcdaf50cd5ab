## verdict: runtime
## message: an error that cannot be read
import sys
from mcp_servers import up
def hook(event, arguments):
    raise RuntimeError('audited')
sys.addaudithook(hook)
import json, os
os.listdir('.')
