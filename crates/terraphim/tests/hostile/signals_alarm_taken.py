## verdict: limit
## message: the program ran longer than its limit of 0.4 s
## timeout: 400
import signal
signal.signal(signal.SIGALRM, lambda *_: None)
while True:
    pass
