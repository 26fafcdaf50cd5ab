## verdict: limit
## message: the program ran longer than its limit of 0.4 s
## timeout: 400
import signal
signal.signal(signal.SIGALRM, signal.SIG_IGN)
while True:
    try:
        signal.pause()
    except BaseException:
        pass
