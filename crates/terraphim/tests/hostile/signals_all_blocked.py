## verdict: limit
## message: the program ran longer than its limit of 0.4 s
## timeout: 400
import signal
signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
while True:
    pass
