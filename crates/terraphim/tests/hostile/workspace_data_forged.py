## verdict: result
## result: ["tool","tool"]
import os
from mcp_runtime import workspace
os.mkdir('data')
open('data/broken.json', 'w').write('{not json')
os.mkdir('data/folder.json')
def told(name):
    try:
        return workspace.load_data(name)
    except ToolError as error:
        return error.kind
answers = [told('broken'), told('folder')]
import shutil
shutil.rmtree('data')
answers
