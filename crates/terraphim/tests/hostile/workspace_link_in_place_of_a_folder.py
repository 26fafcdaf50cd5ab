## verdict: result
## result: "swapped"
## logs: not kept in the workspace: data
## next: import os; [os.listdir('.'), os.path.islink('data')]
## finds: [["data"],false]
from mcp_runtime import workspace
import os, shutil
# What the host saves next goes through the folder that the program has made a link.
os.symlink('/tmp', 'data')
try:
    workspace.save_data('kept', 1)
except ToolError:
    pass
'swapped'
