## verdict: result
## result: [true,"planted",true]
import importlib, os, sys
open('json.py', 'w').write('planted = True')
open('antigravity2.py', 'w').write('word = "planted"')
sys.path.insert(0, os.getcwd())
import antigravity2, json
for name in ('json.py', 'antigravity2.py'):
    os.remove(name)
import shutil
shutil.rmtree('__pycache__', ignore_errors=True)
[hasattr(json, 'loads'), antigravity2.word, not os.path.exists('__pycache__')]
