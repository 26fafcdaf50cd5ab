## verdict: result
## result: {"a":[1,null]}
import sys
import terraphim_guest.encode, terraphim_guest.wire
for name in list(sys.modules):
    if name.startswith('terraphim_guest') or name in ('json', 'struct', 'math'):
        sys.modules[name] = None
{'a': [1, float('nan')]}
