## verdict: runtime
## message: PermissionError
import os, pickle
class Bomb:
    def __reduce__(self):
        return os.posix_spawn, ('/usr/bin/env', ['env'], {})
pickle.loads(pickle.dumps(Bomb()))
