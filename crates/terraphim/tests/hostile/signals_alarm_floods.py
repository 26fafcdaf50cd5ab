## verdict: limit
## message: the program ran longer than its limit of 0.4 s
## timeout: 400
import signal
count = 0
def again(*_):
    global count
    count += 1
signal.signal(signal.SIGALRM, again)
signal.setitimer(signal.ITIMER_REAL, 0.0001, 0.0001)
while True:
    pass
