## verdict: runtime
## message: not allowed
from mcp_runtime import ToolError
raise ToolError('not allowed', 'up', 'echo', 'denied')
