## verdict: result
## result: ["PermissionError","PermissionError"]
## next: import os; 0 < os.stat('old').st_size
## finds: true
import os
def told(work):
    try:
        return work()
    except OSError as error:
        return type(error).__name__
open('old', 'w').write('x')
os.utime('old', (0, 1 << 33))
[told(lambda: os.chown('old', 0, 0)), told(lambda: os.lchown('old', 1001, 1001))]
