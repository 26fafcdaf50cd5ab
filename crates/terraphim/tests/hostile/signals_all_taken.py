## verdict: limit
## message: the program ran longer than its limit of 0.4 s
## timeout: 400
import signal
for number in signal.valid_signals():
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
while True:
    pass
