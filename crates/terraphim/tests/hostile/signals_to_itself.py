## verdict: result
## result: ["PermissionError","PermissionError"]
import os, signal
def told(work):
    try:
        return work()
    except OSError as error:
        return type(error).__name__
[told(lambda: os.kill(os.getpid(), signal.SIGSTOP)), told(lambda: signal.raise_signal(signal.SIGKILL))]
