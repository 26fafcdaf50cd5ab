## verdict: runtime
## message: ImportError: hooked
import sys
class Hook:
    def find_spec(self, *_):
        raise ImportError('hooked')
sys.meta_path.insert(0, Hook())
sys.path_hooks.clear()
import colorsys
