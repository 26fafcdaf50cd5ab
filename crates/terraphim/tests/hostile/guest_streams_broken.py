## verdict: result
## result: 1
import sys
class Broken:
    def write(self, text):
        raise OSError('broken')
    def flush(self):
        raise OSError('broken')
sys.stdout = sys.stderr = sys.__stdout__ = sys.__stderr__ = Broken()
1
