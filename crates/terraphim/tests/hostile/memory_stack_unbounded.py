## verdict: sandbox
## message: signal
import sys
sys.setrecursionlimit(1 << 30)
class Deep:
    def __repr__(self):
        return '%r' % self
    def __getattr__(self, name):
        return getattr(self, name + 'x')
import functools
def down(n):
    return functools.reduce(lambda a, b: down(n + 1), [1, 2])
down(0)
