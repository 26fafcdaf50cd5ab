## verdict: result
## result: ["PermissionError","PermissionError","PermissionError","PermissionError","PermissionError","OSError"]
import os, pty, subprocess, sys
def told(work):
    try:
        return work()
    except OSError as error:
        return type(error).__name__
def spawned():
    return os.posix_spawn('/usr/bin/env', ['env'], {})
[told(os.fork), told(lambda: subprocess.run(['true'])), told(spawned), told(lambda: os.execv(sys.executable or '/usr/bin/python3', ['x'])), told(lambda: os.system('true') and os.fork()), told(lambda: pty.fork())]
