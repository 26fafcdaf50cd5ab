## verdict: result
## result: "mine"
import sys, types
sys.modules['__main__'] = types.ModuleType('other')
sys.stdout = sys.stderr = None
sys.excepthook = None
sys.argv = None
'mine'
