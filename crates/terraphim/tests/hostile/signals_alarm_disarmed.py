## verdict: limit
## message: the program ran longer than its limit of 0.4 s
## timeout: 400
import signal, time
signal.setitimer(signal.ITIMER_REAL, 0)
signal.alarm(0)
while True:
    time.sleep(100)
